//! The local API in OpenAPI 3.1, drawn from the tables and types that serve it. It must never say anything that is written down twice.

use haat_protocol::local::Scope;
use haat_protocol::local::routes::{BASE, COMMANDS, EVENTS, QUESTIONS, REBUILD, SPEC, STOP};
use serde_json::{Map, Value, json};

use super::answers::Answers;
use super::words::{self, Field};

/// What tokens there are.
const TOKEN: &str = "The text of HOME/api-token, which reaches everything, or a token made with POST /api/v1/tokens. An operation names \
    the least scope that may come there: read, sell or admin, each holding those before it. With the scope sell, orders are offered only \
    to somebody (`to`), and acted in only on the seller's side.";

/// The description of all routes.
pub(super) fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut answers = Answers::new();
    let mut add = |path: String, method: &str, operation: Value| {
        let at = paths.entry(path).or_insert_with(|| json!({}));
        at[method] = operation;
    };
    for (tag, path, scope) in QUESTIONS {
        add(format!("{BASE}{path}"), "get", reached(question(tag, answers.of(tag)), *scope));
    }
    for (tag, path, scope) in COMMANDS {
        add(format!("{BASE}{path}"), "post", reached(command(tag, &words::command_form(tag), answers.of(tag)), *scope));
    }
    for (tag, path) in [("log_rebuild", REBUILD), ("node_stop", STOP)] {
        add(format!("{BASE}{path}"), "post", reached(command(tag, &[], answers.of(tag)), Scope::Admin));
    }
    let stream = json!({"200": {"description": "News as they happen, numbered; Last-Event-ID resumes. Between them, unnumbered, how far a long import is.", "content": {"text/event-stream": {}}}});
    add(format!("{BASE}{EVENTS}"), "get", reached(operation("events", stream), Scope::Read));
    add(format!("{BASE}{SPEC}"), "get", reached(operation("openapi", answer(None)), Scope::Read));
    for (path, tag) in [("/healthz", "health"), ("/readyz", "ready")] {
        let plain = json!({"200": {"description": "ok", "content": {"text/plain": {}}}, "503": {"description": "Not ready yet."}});
        let mut open = operation(tag, plain);
        open["security"] = json!([]);
        add(path.to_owned(), "get", open);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Haat, the local API of a node", "version": env!("CARGO_PKG_VERSION"), "license": {"name": "MIT OR Apache-2.0"}},
        "servers": [{"url": "http://127.0.0.1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": TOKEN}},
            "schemas": problem(answers.types()),
        },
    })
}

/// How a problem looks on its way out: the fields of the protocol's own, and those of RFC 9457.
fn problem(mut types: Map<String, Value>) -> Map<String, Value> {
    if let Some(problem) = types.get_mut("Problem") {
        problem["description"] = json!("What went wrong (RFC 9457); docs/reference/errors.md lists the codes.");
        problem["properties"]["type"] = json!({"type": "string", "description": "The code as a URN."});
        problem["properties"]["status"] = json!({"type": "integer", "description": "The HTTP status."});
    }
    types
}

/// The operation with the least scope of a token that may come there.
fn reached(mut operation: Value, scope: Scope) -> Value {
    operation["security"] = json!([{"token": [scope]}]);
    operation
}

fn operation(tag: &str, responses: Value) -> Value {
    json!({"operationId": tag, "responses": responses})
}

fn answer(schema: Option<Value>) -> Value {
    let document = schema.map_or_else(|| json!({}), |schema| json!({"schema": schema}));
    let problem = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
    json!({
        "200": {"description": "The answer.", "content": {"application/json": document}},
        "default": {"description": "A problem.", "content": problem},
    })
}

fn question(tag: &str, answers: Option<Value>) -> Value {
    let parameter = |field: Field| {
        // A query is text, and says nothing by leaving a field out.
        let types = field.types.iter().copied().filter(|word| *word != "null").collect();
        let schema = schema(&Field { types, ..field.clone() });
        json!({"name": field.name, "in": "query", "required": field.required, "schema": schema})
    };
    let mut operation = operation(tag, answer(answers));
    operation["parameters"] = words::question_form(tag).into_iter().map(parameter).collect();
    operation
}

fn command(tag: &str, fields: &[Field], answers: Option<Value>) -> Value {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.name.clone(), schema(field))).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    let schema = json!({"type": "object", "additionalProperties": false, "properties": properties, "required": required});
    let mut operation = operation(tag, answer(answers));
    let key = json!({"name": "Idempotency-Key", "in": "header", "required": false, "schema": {"type": "string"}});
    operation["parameters"] = json!([key]);
    operation["requestBody"] = json!({"required": !required.is_empty(), "content": {"application/json": {"schema": schema}}});
    operation
}

fn schema(field: &Field) -> Value {
    let mut schema = match field.types.as_slice() {
        [one] => json!({"type": one}),
        several => json!({"type": several}),
    };
    if field.types.contains(&"array") {
        schema["items"] = json!({"type": "string"});
    }
    schema
}
