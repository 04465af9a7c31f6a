//! The language of this command: chosen once, in `main`, then every text for people comes from the catalogue.

use std::sync::OnceLock;

pub(crate) use haat_node::language::{Blank, LANGUAGES, Language};

static SPOKEN: OnceLock<Language> = OnceLock::new();

/// Chooses the language: what was asked for by name, else that of the surroundings.
pub(crate) fn speak(asked: Option<&str>) {
    let locale = asked.filter(|word| !word.is_empty() && *word != "auto").map(str::to_owned).or_else(sys_locale::get_locale);
    let _ = SPOKEN.set(Language::of_locale(&locale.unwrap_or_default()));
}

/// The language of this command.
pub(crate) fn language() -> Language {
    SPOKEN.get().copied().unwrap_or_default()
}

/// A word of the interface or the protocol.
pub(crate) fn word(word: &str) -> String {
    language().word(word)
}

/// A message of the catalogue with its blanks filled: `say!("joined", circle = name)`.
macro_rules! say {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::say::language().say($key, &[$((stringify!($name), $crate::say::Blank::from($value))),*])
    };
}

pub(crate) use say;
