//! What is told to people, in their language: the catalogue of messages, one folder of Fluent files for each language.
//!
//! It only puts words together. It must never decide what is told, and what programs read never passes through here.

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

/// A language in which Haat speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, in which all is written first.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

/// All of them.
pub const LANGUAGES: [Language; 2] = [Language::English, Language::Chinese];

impl Language {
    /// Its tag of BCP 47.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-Hans",
        }
    }

    /// The language that somebody names, by its tag or as systems write a locale: `zh`, `zh-Hans`, `zh_CN.UTF-8`. Whoever reads
    /// traditional characters reads simplified ones more easily than English. None for a language in which Haat does not speak.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        let primary = word.split(['-', '_', '.', '@']).next().unwrap_or_default();
        LANGUAGES.into_iter().find(|language| language.tag().split('-').next().is_some_and(|tag| tag.eq_ignore_ascii_case(primary)))
    }

    /// The language of a locale: English where Haat does not speak it.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        Self::named(locale).unwrap_or_default()
    }

    /// What its files hold.
    const fn files(self) -> &'static [&'static str] {
        match self {
            Self::English => &[include_str!("../languages/en/messages.ftl"), include_str!("../languages/en/words.ftl")],
            Self::Chinese => &[
                include_str!("../languages/zh-Hans/messages.ftl"),
                include_str!("../languages/zh-Hans/words.ftl"),
                include_str!("../languages/zh-Hans/problems.ftl"),
                include_str!("../languages/zh-Hans/help.ftl"),
            ],
        }
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static BUNDLES: [OnceLock<FluentBundle<FluentResource>>; LANGUAGES.len()] = [const { OnceLock::new() }; LANGUAGES.len()];
        BUNDLES[self as usize].get_or_init(|| {
            let tag = self.tag().parse().unwrap_or_default();
            let mut bundle = FluentBundle::new_concurrent(vec![tag]);
            // Marks around each name would stand in every pipe and every copied line; names lose their own steering marks before.
            bundle.set_use_isolating(false);
            for file in self.files() {
                // A faulty line is left out; that there is none is for the tests to show.
                let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(resource, _)| resource);
                bundle.add_resource_overriding(resource);
            }
            bundle
        })
    }

    /// A message with its blanks filled; none when this language has no such message. `key` may name a part: `message.part`.
    #[must_use]
    pub fn message(self, key: &str, blanks: &[(&str, Blank)]) -> Option<String> {
        let (key, part) = key.split_once('.').map_or((key, None), |(key, part)| (key, Some(part)));
        let bundle = self.bundle();
        let message = bundle.get_message(key)?;
        let pattern = match part {
            Some(part) => message.get_attribute(part)?.value(),
            None => message.value()?,
        };
        let args: FluentArgs<'_> = blanks.iter().map(|(name, blank)| (*name, blank.value())).collect();
        Some(bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned())
    }

    /// A message with its blanks filled: in this language, else in English, else its key.
    #[must_use]
    pub fn say(self, key: &str, blanks: &[(&str, Blank)]) -> String {
        self.message(key, blanks).or_else(|| Self::English.message(key, blanks)).unwrap_or_else(|| key.to_owned())
    }

    /// A single word of the interface, such as a heading, or of the protocol, such as the state of an order: in this language if it
    /// has one for it, else as it is, without underscores.
    #[must_use]
    pub fn word(self, word: &str) -> String {
        let name: String = word.chars().map(|c| if matches!(c, ' ' | '_') { '-' } else { c }).collect();
        self.message(&format!("word-{name}"), &[]).unwrap_or_else(|| word.replace('_', " "))
    }
}

/// What is put into a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blank {
    /// A text.
    Text(String),
    /// A number, by which a message may choose its form.
    Number(u64),
}

impl Blank {
    fn value(&self) -> FluentValue<'_> {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
        }
    }
}

impl From<&str> for Blank {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Blank {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Blank {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Blank {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Blank {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Blank {
    fn from(number: usize) -> Self {
        Self::Number(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_named_by_tags_and_by_locales() {
        for word in ["zh", "zh-Hans", "ZH_cn", "zh_CN.UTF-8", "zh-TW", "zh@pinyin"] {
            assert_eq!(Language::named(word), Some(Language::Chinese), "{word}");
        }
        for word in ["en", "en_GB.UTF-8", "EN-us"] {
            assert_eq!(Language::named(word), Some(Language::English), "{word}");
        }
        for word in ["", "C", "POSIX", "zhx", "zho2", "de_DE", "é", "-zh"] {
            assert_eq!((Language::named(word), Language::of_locale(word)), (None, Language::English), "{word}");
        }
    }
}
