//! Conditions a little easier: for customers who have what they ask for and shall not lose it over a trifle.

use rust_decimal::Decimal;

use super::Filter;
use super::field::Kind;
use super::leaf::Leaf;
use super::operand::Scalar;

/// Which way a comparison is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Easier,
    Harder,
}

impl Filter {
    /// The same condition with its thresholds moved by a share of themselves in the direction that lets more customers
    /// in (below `none`: that keeps fewer out).
    ///
    /// Moved are the thresholds of amounts, counts, shares, numbers of days and numeric attributes: `at_least` and
    /// `above` x → x − x · margin, `at_most` and `below` x → x + x · margin, `between` at both ends, `top` p → p + p · margin. Below
    /// zero the same amount counts, so that −100 and 5 % give −105. Everything else (words, days of the calendar,
    /// levels, lengths of time) has no "nearly" and stays as it is.
    #[must_use]
    pub fn relaxed(&self, margin: Decimal) -> Self {
        self.moved(margin, Way::Easier)
    }

    fn moved(&self, margin: Decimal, way: Way) -> Self {
        let all = |inner: &[Self], way| inner.iter().map(|filter| filter.moved(margin, way)).collect();
        match self {
            Self::All(inner) => Self::All(all(inner, way)),
            Self::Any(inner) => Self::Any(all(inner, way)),
            Self::None(inner) => Self::None(all(inner, way.turned())),
            // easier for one is harder for the whole as soon as another holds too
            Self::One(inner) => Self::One(inner.clone()),
            Self::Segment { name, inner } => {
                Self::Segment { name: name.clone(), inner: Box::new(inner.moved(margin, way)) }
            }
            Self::Leaf(leaf) => Self::Leaf(leaf.moved(margin, way)),
        }
    }
}

impl Way {
    const fn turned(self) -> Self {
        match self {
            Self::Easier => Self::Harder,
            Self::Harder => Self::Easier,
        }
    }
}

impl Leaf {
    fn moved(&self, margin: Decimal, way: Way) -> Self {
        let step = if way == Way::Easier { margin } else { -margin };
        // which ends of the operand are lower bounds
        let lower: &[bool] = match self.operator.name {
            "at_least" | "above" => &[true],
            "at_most" | "below" | "top" => &[false],
            "between" => &[true, false],
            _ => return self.clone(),
        };
        // a bucket is dealt, not earned
        let lower = match self.subject {
            super::leaf::Subject::Standing(_) => return self.clone(),
            _ => lower,
        };
        let mut moved = self.clone();
        for (scalar, is_lower) in moved.operand.iter_mut().zip(lower) {
            if let Scalar::Number(number) = scalar {
                let by = number.abs() * step;
                *number = (if *is_lower { *number - by } else { *number + by }).normalize();
            }
        }
        debug_assert!(self.subject.kind() != Kind::Level || moved.operand == self.operand);
        moved
    }
}
