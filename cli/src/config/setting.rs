//! The table of settings: what each is called, takes and does. Nothing here reads a file.

use std::net::SocketAddr;

use serde::Serialize;
use toml_edit::{Array, Item};

use crate::say::{LANGUAGES, Language};

/// A value of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    /// Nobody chose one: Haat does.
    None,
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Yes or no.
    Flag(bool),
}

impl Value {
    /// As it stands in a file.
    pub(crate) fn toml(&self) -> toml_edit::Value {
        match self {
            Self::None => "".into(),
            Self::Text(text) => text.as_str().into(),
            Self::Texts(texts) => texts.iter().map(String::as_str).collect::<Array>().into(),
            Self::Flag(flag) => (*flag).into(),
        }
    }

    /// As people read it.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Text(text) => text.clone(),
            Self::Texts(texts) => texts.join(","),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name to go by.
    Name,
    /// An address and a port.
    Address,
    /// Multiaddrs.
    Multiaddrs,
    /// Yes or no.
    Flag,
    /// `auto`, `always` or `never`.
    Color,
    /// `auto`, or the tag of a language.
    Language,
}

/// A setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its key in the file.
    pub(crate) key: &'static str,
    /// Its variable of the environment.
    pub(crate) env: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// What it does, for the file.
    pub(crate) about: &'static str,
    /// A value as it may stand in the file.
    pub(crate) example: &'static str,
    /// What holds when nobody says anything.
    pub(crate) default: fn() -> Value,
}

/// All of them.
pub(crate) const SETTINGS: [Setting; 7] = [
    Setting {
        key: "name",
        env: "HAAT_NAME",
        kind: Kind::Name,
        about: "The name you go by. Without it: the name of the first start.",
        example: "\"Chen\"",
        default: || Value::None,
    },
    Setting {
        key: "listen",
        env: "HAAT_LISTEN",
        kind: Kind::Multiaddrs,
        about: "Where the node listens for others. Without it: everywhere, on a port that was picked once.",
        example: "[\"/ip4/0.0.0.0/tcp/4001\", \"/ip4/0.0.0.0/udp/4001/quic-v1\"]",
        default: || Value::Texts(Vec::new()),
    },
    Setting {
        key: "api",
        env: "HAAT_API",
        kind: Kind::Address,
        about: "Where the local API listens, on this machine. Port 0 picks one once.",
        example: "\"127.0.0.1:0\"",
        default: || Value::Text("127.0.0.1:0".to_owned()),
    },
    Setting {
        key: "seed_peer",
        env: "HAAT_SEED_PEER",
        kind: Kind::Multiaddrs,
        about: "Peers to begin with, each remembered.",
        example: "[\"/ip4/203.0.113.9/tcp/4001/p2p/12D3KooW…\"]",
        default: || Value::Texts(Vec::new()),
    },
    Setting {
        key: "mdns",
        env: "HAAT_MDNS",
        kind: Kind::Flag,
        about: "Whether to look for peers on the home network, and to be found there.",
        example: "true",
        default: || Value::Flag(true),
    },
    Setting {
        key: "color",
        env: "HAAT_COLOR",
        kind: Kind::Color,
        about: "When to use colours: \"auto\", \"always\" or \"never\".",
        example: "\"auto\"",
        default: || Value::Text("auto".to_owned()),
    },
    Setting {
        key: "language",
        env: "HAAT_LANGUAGE",
        kind: Kind::Language,
        about: "The language of what people read: \"auto\" takes that of the system, \"en\" or \"zh-Hans\".",
        example: "\"auto\"",
        default: || Value::Text("auto".to_owned()),
    },
];

impl Setting {
    /// Whether it is the node's, which reads it when it starts; the others are the command line's.
    pub(crate) const fn is_read_by_node(&self) -> bool {
        !matches!(self.kind, Kind::Color | Kind::Language)
    }

    /// The value that is written so in the environment or on the command line; several are parted by commas.
    pub(crate) fn parse(&self, words: &str) -> Result<Value, String> {
        let value = match self.kind {
            Kind::Name | Kind::Address | Kind::Color | Kind::Language => Value::Text(words.to_owned()),
            Kind::Multiaddrs => Value::Texts(words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()),
            Kind::Flag => Value::Flag(words.parse().map_err(|_| "true or false is expected".to_owned())?),
        };
        self.checked(value)
    }

    /// The value that stands so in the file.
    pub(crate) fn value(&self, item: &Item) -> Result<Value, String> {
        let value = match self.kind {
            Kind::Name | Kind::Address | Kind::Color | Kind::Language => Value::Text(item.as_str().ok_or("a text is expected")?.to_owned()),
            Kind::Flag => Value::Flag(item.as_bool().ok_or("true or false is expected")?),
            Kind::Multiaddrs => {
                let array = item.as_array().ok_or("a list of texts is expected")?;
                let texts = array.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
                Value::Texts(texts.ok_or("a list of texts is expected")?)
            }
        };
        self.checked(value)
    }

    fn checked(&self, value: Value) -> Result<Value, String> {
        let fault = match (self.kind, &value) {
            (Kind::Name, Value::Text(name)) => haat_protocol::body::name(name).err().map(|fault| fault.to_string()),
            (Kind::Address, Value::Text(text)) if text.parse::<SocketAddr>().is_err() => {
                Some("an address and a port are expected, as in 127.0.0.1:0".to_owned())
            }
            (Kind::Color, Value::Text(word)) if !["auto", "always", "never"].contains(&word.as_str()) => {
                Some("auto, always or never is expected".to_owned())
            }
            (Kind::Language, Value::Text(word)) if word != "auto" && Language::named(word).is_none() => {
                Some(format!("auto, {} is expected", LANGUAGES.map(Language::tag).join(" or ")))
            }
            (Kind::Multiaddrs, Value::Texts(all)) if all.iter().any(|address| !address.starts_with('/')) => {
                Some("an address looks like /ip4/0.0.0.0/tcp/4001".to_owned())
            }
            _ => None,
        };
        fault.map_or(Ok(value), Err)
    }
}
