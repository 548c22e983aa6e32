//! Chance that comes out the same every time: a stream of numbers per (seed, who, what for).

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough for people who do not exist.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// The stream of one customer for one purpose. Others' streams do not move it.
    pub(super) fn new(seed: u64, who: u64, purpose: &str) -> Self {
        let mut dice = Self(seed ^ who.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for byte in purpose.bytes() {
            dice.0 = dice.0.wrapping_add(u64::from(byte));
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// True in so many of a thousand cases.
    pub(super) fn in_thousand(&mut self, cases: u64) -> bool {
        self.below(1_000) < cases
    }

    /// One of them.
    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        let at = self.below(of.len() as u64);
        of[usize::try_from(at).unwrap_or(0)]
    }

    /// A wait with the given mean whose lengths spread as those of chance events do; at least 1.
    pub(super) fn wait(&mut self, mean: u64) -> u64 {
        // The exponential distribution by its quantiles in 1/16 steps, in tenths of the mean: no floating point, so
        // every machine makes the same company.
        const QUANTILES: [u64; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 26, 40];
        (self.one(&QUANTILES) * mean + self.below(mean)).div_ceil(10).max(1)
    }
}
