//! What every code of a problem means and what to do about it: for `haat explain`, without a node and without a network.
//!
//! A code stands here before it is answered anywhere; a test compares this table with the sources. Codes are never renamed.

mod machine;
mod market;

use std::borrow::Cow;

use crate::order::Refusal;

/// What one code means.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {
    /// The stable code.
    pub code: &'static str,
    /// What happened, in a few words.
    pub title: &'static str,
    /// Why.
    pub why: Cow<'static, str>,
    /// What to do.
    pub advice: &'static str,
}

macro_rules! explanations {
    ($($code:literal $title:literal $why:literal $advice:literal)*) => {
        &[$(crate::local::explain::Explanation { code: $code, title: $title, why: std::borrow::Cow::Borrowed($why), advice: $advice },)*]
    };
}
use explanations;

/// What happened when the table of orders says no.
const ORDER_TITLE: &str = "the order does not allow that now";
/// What to do then.
const ORDER_ADVICE: &str = "haat order show ORDER tells where it stands; under `next` are the words that you may say now.";
/// What codes begin with that end in the status of HTTP.
const HTTP: &str = "http";

/// Everything that is explained, by code: the rows, and the reasons of the order machine that no row explains.
#[must_use]
pub fn all() -> Vec<Explanation> {
    let mut all: Vec<Explanation> = machine::ROWS.iter().chain(market::ROWS).cloned().collect();
    for refusal in Refusal::ALL {
        if all.iter().all(|row| row.code != refusal.code()) {
            let why = Cow::Owned(format!("Of the event: {refusal}."));
            all.push(Explanation { code: refusal.code(), title: ORDER_TITLE, why, advice: ORDER_ADVICE });
        }
    }
    all.sort_unstable_by_key(|row| row.code);
    all
}

/// What a code means; none when there is no such code.
#[must_use]
pub fn explain(code: &str) -> Option<Explanation> {
    let code = if code.starts_with("http-") { HTTP } else { code };
    all().into_iter().find(|row| row.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_once_and_in_whole_sentences() {
        let all = all();
        assert!(all.len() > 150);
        for (one, next) in all.iter().zip(all.iter().skip(1)) {
            assert!(one.code < next.code, "{} stands twice", one.code);
        }
        for row in &all {
            assert!(!row.title.is_empty() && row.why.ends_with('.') && row.advice.ends_with('.'), "{row:?}");
        }
        assert_eq!(explain("http-418").map(|row| row.code), Some("http"));
        assert_eq!(explain("out_of_turn").map(|row| row.title), Some(ORDER_TITLE));
        assert_eq!(explain("nonsense"), None);
    }
}
