//! From the words of a request to a command or a question. Strict: every word given must mean something, none twice.
//!
//! Which fields there are is said by the types of the protocol crate alone; this file must never list them.

use std::collections::BTreeSet;
use std::fmt;

use axum::extract::Query;
use axum::http::Uri;
use haat_protocol::limits::API_FIELDS_MAX;
use haat_protocol::local::{Command, OrderWords, Question};
use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::problem::No;

/// Fields of questions that are numbers.
const NUMBERS: &[&str] = &["limit"];
/// Longer texts and lists are cut for trial parses, where only their type matters, and for being told back.
const TRIAL_MAX: usize = 64;

/// Reads the command with this tag out of a body.
///
/// # Errors
/// 400 that says where the JSON or which field is wrong.
pub(super) fn command(tag: &str, body: &[u8]) -> Result<Command, No> {
    let fields = fields(body)?;
    let trial: Command = parse("command", tag, trial(&fields))?;
    known(&fields, &command_fields(trial))?;
    parse("command", tag, fields)
}

/// Reads a body that has no fields: nothing at all, or an empty object.
///
/// # Errors
/// 400 when there is anything in it.
pub(super) fn nothing(body: &[u8]) -> Result<(), No> {
    if body.is_empty() { Ok(()) } else { known(&fields(body)?, &BTreeSet::new()) }
}

/// Reads the question with this tag out of a query.
///
/// # Errors
/// 400 that names the parameter that is wrong.
pub(super) fn question(tag: &str, uri: &Uri) -> Result<Question, No> {
    let mut fields = Map::new();
    for (name, text) in parameters(uri)? {
        let value = if NUMBERS.contains(&name.as_str()) {
            let number = text.parse::<u64>().map_err(|_| wrong(&name, "a whole number is expected"))?;
            json!(number)
        } else {
            Value::String(text)
        };
        if fields.insert(name.clone(), value).is_some() {
            return Err(wrong(&name, "it is given twice"));
        }
    }
    let question: Question = parse("question", tag, fields.clone())?;
    known(&fields, &keys("question", &question))?;
    Ok(question)
}

/// Refuses any query.
///
/// # Errors
/// 400 that names a parameter.
pub(super) fn no_parameters(uri: &Uri) -> Result<(), No> {
    match parameters(uri)?.first() {
        None => Ok(()),
        Some((name, _)) => Err(unknown(name, &BTreeSet::new())),
    }
}

fn parameters(uri: &Uri) -> Result<Vec<(String, String)>, No> {
    match Query::try_from_uri(uri) {
        Ok(Query(pairs)) => Ok(pairs),
        Err(fault) => Err(No::words("fields", "the query cannot be read", fault.to_string())),
    }
}

/// The fields of a JSON object, none twice.
fn fields(body: &[u8]) -> Result<Map<String, Value>, No> {
    let Fields(fields) = serde_json::from_slice(body).map_err(|fault| {
        let detail = if body.is_empty() { "the body is empty where an object is expected".to_owned() } else { fault.to_string() };
        No::words("json", "the body is not the JSON object that is expected", detail)
    })?;
    Ok(fields)
}

/// Parses tagged fields; a failure names the field.
fn parse<T: DeserializeOwned>(kind: &str, tag: &str, fields: Map<String, Value>) -> Result<T, No> {
    let trial = trial(&fields);
    attempt(kind, tag, fields).map_err(|fault| match culprit::<T>(kind, tag, &trial) {
        Some(name) => wrong(&name, &fault.to_string()),
        None => No::words("fields", "the fields are not as expected", fault.to_string()),
    })
}

fn attempt<T: DeserializeOwned>(kind: &str, tag: &str, mut fields: Map<String, Value>) -> serde_json::Result<T> {
    if fields.insert(kind.to_owned(), json!(tag)).is_some() {
        return Err(serde_json::Error::custom(format!("unknown field `{kind}`: the path says which it is")));
    }
    serde_json::from_value(Value::Object(fields))
}

/// The field of the wrong type, if a wrong type is the fault: found by leaving out whatever the fault does not need.
fn culprit<T: DeserializeOwned>(kind: &str, tag: &str, fields: &Map<String, Value>) -> Option<String> {
    let is_type_fault = |fields: &Map<String, Value>| match attempt::<T>(kind, tag, fields.clone()) {
        Ok(_) => false,
        Err(fault) => !fault.to_string().starts_with("missing field"),
    };
    if !is_type_fault(fields) {
        return None;
    }
    let mut needed = fields.clone();
    for name in fields.keys() {
        let Some(value) = needed.remove(name) else { continue };
        if !is_type_fault(&needed) {
            needed.insert(name.clone(), value);
        }
    }
    let cured = |name: &&String| {
        let mut without = needed.clone();
        without.remove(*name);
        needed.len() == 1 || attempt::<T>(kind, tag, without).is_ok()
    };
    needed.keys().find(cured).cloned()
}

/// The same fields with long texts and lists cut.
fn trial(fields: &Map<String, Value>) -> Map<String, Value> {
    fields.iter().map(|(name, value)| (name.clone(), cut(value))).collect()
}

fn cut(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > TRIAL_MAX => json!(""),
        Value::Array(items) => items.iter().take(TRIAL_MAX).map(cut).collect(),
        Value::Object(_) => json!({}),
        other => other.clone(),
    }
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name.
    pub(super) name: String,
    /// The types of JSON values that it takes.
    pub(super) types: Vec<&'static str>,
    /// Whether it has to be there.
    pub(super) required: bool,
}

/// The fields of the command with this tag, found out by trying.
pub(super) fn command_form(tag: &str) -> Vec<Field> {
    form("command", tag, command_fields)
}

/// The fields of the question with this tag, found out by trying.
pub(super) fn question_form(tag: &str) -> Vec<Field> {
    form("question", tag, |question: Question| keys("question", &question))
}

fn form<T: DeserializeOwned>(kind: &str, tag: &str, all: impl Fn(T) -> BTreeSet<String>) -> Vec<Field> {
    let samples = [
        ("string", json!("1")),
        ("integer", json!(1)),
        ("boolean", json!(true)),
        ("array", json!(["a"])),
        ("object", json!({})),
        ("null", Value::Null),
    ];
    // What has to be there is asked for one by one, each with the first value that is taken.
    let mut needed: Map<String, Value> = Map::new();
    let whole: T = loop {
        let fault = match attempt::<T>(kind, tag, needed.clone()) {
            Ok(whole) => break whole,
            Err(fault) => fault.to_string(),
        };
        let name = fault.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')).map(|(name, _)| name.to_owned());
        let name = name.expect("every field takes one of the samples");
        let with = |value: &Value| needed.clone().into_iter().chain([(name.clone(), value.clone())]).collect::<Map<_, _>>();
        let is_taken = |value: &Value| match attempt::<T>(kind, tag, with(value)) {
            Ok(_) => true,
            Err(fault) => fault.to_string().starts_with("missing field"),
        };
        let taken = samples.iter().find(|(_, value)| is_taken(value)).map_or(Value::Null, |(_, value)| value.clone());
        needed.insert(name, taken);
    };
    let takes = |name: &str, value: &Value| {
        let mut fields = needed.clone();
        fields.insert(name.to_owned(), value.clone());
        attempt::<T>(kind, tag, fields).is_ok()
    };
    let field = |name: String| Field {
        types: samples.iter().filter(|(_, value)| takes(&name, value)).map(|(word, _)| *word).collect(),
        required: needed.contains_key(&name),
        name,
    };
    all(whole).into_iter().map(field).collect()
}

/// A name as it may be told back, whoever sent it.
fn told(name: &str) -> String {
    name.chars().take(TRIAL_MAX).flat_map(char::escape_debug).collect()
}

/// All fields a command of this sort has.
fn command_fields(mut command: Command) -> BTreeSet<String> {
    let text = || Some(String::new());
    let several = || vec![String::new()];
    match &mut command {
        Command::OrderAct { words, .. } => {
            **words = OrderWords {
                price: text(),
                amount: text(),
                reference: text(),
                reason: text(),
                carrier: text(),
                tracking: text(),
                valid_ms: Some(0),
                qty: Some(0),
                lines: several(),
                adjust: several(),
                code: text(),
                spoilt: true,
                text: text(),
                refund: text(),
                device: text(),
                file_name: text(),
                delivery: text(),
                data: text(),
            };
        }
        Command::OrderOffer(offer) => {
            (offer.lines, offer.adjust) = (several(), several());
            (offer.to, offer.resolver, offer.address) = (text(), text(), text());
        }
        _ => {}
    }
    keys("command", &command)
}

/// The fields a value is written with, its tag apart.
fn keys<T: Serialize>(kind: &str, value: &T) -> BTreeSet<String> {
    match json!(value) {
        Value::Object(fields) => fields.into_iter().map(|(name, _)| name).filter(|name| name != kind).collect(),
        _ => BTreeSet::new(),
    }
}

fn known(given: &Map<String, Value>, known: &BTreeSet<String>) -> Result<(), No> {
    match given.keys().find(|name| !known.contains(*name)) {
        None => Ok(()),
        Some(name) => Err(unknown(name, known)),
    }
}

fn unknown(name: &str, known: &BTreeSet<String>) -> No {
    let no = No::words("unknown-field", "a field is not known", format!("there is no field `{}` here", told(name)));
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    no.hint(if names.is_empty() { "nothing is expected".to_owned() } else { format!("the fields are: {}", names.join(", ")) })
}

fn wrong(name: &str, why: &str) -> No {
    No::words("field", "a field is not as expected", format!("field `{}`: {why}", told(name)))
}

/// A JSON object in which no name stands twice.
struct Fields(Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Map::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.len() == API_FIELDS_MAX {
                return Err(A::Error::custom("there are too many fields"));
            }
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format!("field `{}` is given twice", told(&name))));
            }
            fields.insert(name, value);
        }
        Ok(Fields(fields))
    }
}
