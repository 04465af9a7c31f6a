//! Choosing one of several by what was written: a petname, a name, a whole id or a prefix of one.
//!
//! It must never guess: what fits several is a question back, not a choice.

use data_encoding::HEXLOWER;
use haat_protocol::local::Problem;
use haat_protocol::local::typo::nearest;

/// Hexadecimal digits that a prefix of an id has at least.
const PREFIX_MIN_DIGITS: usize = 4;
/// Hexadecimal digits of an id as people see it. So many of another's id are not taken for a name.
const SHORT_DIGITS: usize = 8;
/// Candidates that an ambiguity names at most.
const CANDIDATES_MAX: usize = 5;

/// Something that can be meant.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidate {
    /// What may be written of it.
    pub(super) id: [u8; 32],
    /// What is meant by that, if it is not the same.
    pub(super) means: Option<[u8; 32]>,
    /// The name that I gave.
    pub(super) petname: Option<String>,
    /// The names it goes by.
    pub(super) names: Vec<String>,
    /// Whether it stands back when another fits as well: gone, withdrawn, removed.
    pub(super) is_past: bool,
}

impl Candidate {
    fn meaning(&self) -> [u8; 32] {
        self.means.unwrap_or(self.id)
    }

    fn label(&self) -> String {
        let short = &HEXLOWER.encode(&self.meaning())[..SHORT_DIGITS];
        match self.petname.as_ref().or(self.names.first()) {
            Some(name) => format!("{name} ({short})"),
            None => short.to_owned(),
        }
    }
}

/// The one that is meant.
///
/// # Errors
/// Several fit, or none does.
pub(super) fn choose(what: &str, text: &str, candidates: &[Candidate]) -> Result<[u8; 32], Problem> {
    let text = text.trim();
    let digits = digits(text);
    // Nobody can take another's id for a name.
    if let Some(digits) = digits.as_ref().filter(|digits| digits.len() == 64) {
        return one(what, text, candidates, |c| HEXLOWER.encode(&c.id) == *digits).unwrap_or_else(|| Err(missing(what, text, candidates)));
    }
    let fits = |c: &Candidate| digits.as_ref().is_some_and(|digits| HEXLOWER.encode(&c.id).starts_with(digits));
    let long = digits.as_ref().is_some_and(|digits| digits.len() >= SHORT_DIGITS);
    one(what, text, candidates, |c| c.petname.as_deref() == Some(text))
        .or_else(|| {
            let named = candidates.iter().any(|c| c.names.iter().any(|name| name == text));
            named.then(|| one(what, text, candidates, |c| c.names.iter().any(|name| name == text) || long && fits(c))).flatten()
        })
        .or_else(|| one(what, text, candidates, fits))
        .unwrap_or_else(|| Err(missing(what, text, candidates)))
}

/// The digits of an id or of a prefix of one, in lower case.
pub(super) fn digits(text: &str) -> Option<String> {
    let is_prefix = (PREFIX_MIN_DIGITS..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_prefix.then(|| text.to_ascii_lowercase())
}

/// The only one that fits; none when none does.
fn one(what: &str, text: &str, candidates: &[Candidate], fits: impl Fn(&Candidate) -> bool) -> Option<Result<[u8; 32], Problem>> {
    let mut found: Vec<&Candidate> = candidates.iter().filter(|c| fits(c)).collect();
    if found.iter().any(|c| !c.is_past) {
        found.retain(|c| !c.is_past);
    }
    found.sort_by_key(|c| c.meaning());
    found.dedup_by_key(|c| c.meaning());
    match found.as_slice() {
        [] => None,
        [only] => Some(Ok(only.meaning())),
        several => Some(Err(ambiguous(what, text, several))),
    }
}

fn ambiguous(what: &str, text: &str, several: &[&Candidate]) -> Problem {
    let mut labels: Vec<String> = several.iter().take(CANDIDATES_MAX).map(|c| c.label()).collect();
    if several.len() > CANDIDATES_MAX {
        labels.push(format!("and {} more", several.len() - CANDIDATES_MAX));
    }
    Problem::usage("ambiguous", &format!("more than one {what} fits"), format!("{text:?} may be {}", labels.join(", ")))
        .hint("write more of the id, or give a petname")
}

fn missing(what: &str, text: &str, candidates: &[Candidate]) -> Problem {
    let problem = Problem::not_found(what, text);
    let wanted = text.to_lowercase();
    let names = candidates.iter().flat_map(|c| c.petname.iter().chain(&c.names));
    match nearest(&wanted, names.map(String::as_str)) {
        Some(name) => problem.hint(format!("did you mean {name:?}?")),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use haat_protocol::local::ProblemKind;

    use super::*;

    fn named(first: u8, name: &str) -> Candidate {
        let mut id = [first; 32];
        id[31] = name.len() as u8;
        Candidate { id, names: vec![name.to_owned()], ..Candidate::default() }
    }

    fn chosen(text: &str, candidates: &[Candidate]) -> Result<u8, String> {
        choose("person", text, candidates).map(|id| id[0]).map_err(|problem| problem.code)
    }

    #[test]
    fn a_petname_comes_before_a_name_and_a_name_before_a_prefix() {
        let mut all = vec![named(0xab, "Ana"), named(0xcd, "Ben"), named(0xce, "abab")];
        all[1].petname = Some("Ana".into());
        assert_eq!(chosen("Ana", &all), Ok(0xcd));
        assert_eq!(chosen("abab", &all), Ok(0xce));
        assert_eq!(chosen("ABABAB", &all), Ok(0xab));
        assert_eq!(chosen("aba", &all), Err("not-found".into()), "three digits are no prefix");
    }

    #[test]
    fn nobody_hides_behind_anothers_id() {
        let victim = named(0xab, "Ana");
        let whole = HEXLOWER.encode(&victim.id);
        let all = [victim, named(0xcd, &whole), named(0xce, &whole[..8])];
        assert_eq!(chosen(&whole, &all), Ok(0xab));
        assert_eq!(chosen(&whole[..8], &all), Err("ambiguous".into()));
    }

    #[test]
    fn several_are_a_question_back_unless_the_others_are_gone() {
        let mut all = vec![named(1, "Ana"), named(2, "Ana")];
        let problem = choose("person", "Ana", &all).expect_err("two");
        assert_eq!(problem.kind, ProblemKind::Usage);
        assert!(problem.detail.contains("Ana (01010101)") && problem.detail.contains("Ana (02020202)"), "{}", problem.detail);
        all[0].is_past = true;
        assert_eq!(chosen("Ana", &all), Ok(2));
    }

    #[test]
    fn a_typo_gets_a_suggestion() {
        let hint = |text| choose("person", text, &[named(1, "Yvonne")]).expect_err("none").hint;
        assert_eq!(hint("yvone").as_deref(), Some("did you mean \"Yvonne\"?"));
        assert_eq!(hint("Zed"), None);
    }
}
