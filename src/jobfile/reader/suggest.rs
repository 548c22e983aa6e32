//! "Did you mean …?"

use crate::spelling::nearest;

/// "did you mean `x`? known: `x`, `y`"
#[must_use]
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    let all = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? known here: {all}"),
        None if known.is_empty() => "nothing is known here".into(),
        None => format!("known here: {all}"),
    }
}
