//! The OpenAPI document: what every operation has in common is added here, once. The operations themselves are described
//! where they are made.

use axum::Json;
use serde::Serialize;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{ResponseBuilder, ResponsesBuilder};
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response};
use utoipa::{ToResponse, ToSchema};

/// What is common to all.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Stockade", version = "1.0.0", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        description = "Who is blocked, why and until when; the settings and the network firewall.\n\n\
            Times are RFC 3339 in UTC, spans are whole seconds, unknown fields are refused. Every error has one shape: \
            `{\"status\", \"problems\": [{\"where\", \"what\", \"expected\"}]}`. Lists come in `items`; where they come in pages, \
            `next` is the `cursor` of the next one. Changes of the settings name in `If-Match` the tag that they are made for."),
    components(schemas(Wrong, Problem, crate::events::LiftedBan)),
    tags(
        (name = "status", description = "How things stand"),
        (name = "bans", description = "Who is blocked"),
        (name = "settings", description = "The switch, the three numbers, the whitelist"),
        (name = "firewall", description = "Which networks may reach which services"),
        (name = "filters", description = "Jails and filters"),
        (name = "keys", description = "API keys"),
        (name = "journal", description = "Who did what"),
        (name = "events", description = "What happens meanwhile")))]
pub(crate) struct Base;

/// An error: everything that is wrong with a request.
#[derive(Serialize, ToSchema)]
struct Wrong {
    /// The status of HTTP.
    #[schema(example = 422)]
    status: u16,
    /// Everything that is wrong.
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Serialize, ToSchema)]
struct Problem {
    /// Which field, header, path or part of the program.
    #[schema(example = "whitelist[3]")]
    r#where: String,
    /// What is wrong.
    #[schema(example = "'10.0.0.300' is not an address or a subnet")]
    what: String,
    /// What was expected, or what to do.
    expected: String,
}

/// An error that an operation names by itself.
macro_rules! answers {
    ($($name:ident $status:literal $text:literal)*) => {
        $(#[doc = $text]
        pub(crate) struct $name;

        impl<'r> ToResponse<'r> for $name {
            fn response() -> (&'r str, RefOr<Response>) {
                (stringify!($name), wrong($text).into())
            }
        })*

        /// Their names, statuses and texts.
        const NAMED: &[(&str, &str, &str)] = &[$((stringify!($name), stringify!($status), $text)),*];
    };
}

answers! {
    NotFound 404 "There is no such thing."
    Conflict 409 "The answer is no, and why."
    Stale 412 "Somebody else changed the settings meanwhile."
    TagNeeded 428 "`If-Match` is missing."
}

/// Errors that are added to every operation that can answer them.
const COMMON: &[(&str, &str, &str)] = &[
    ("Unreadable", "400", "The request cannot be read."),
    ("Unknown", "401", "Nobody is known by what the request brings."),
    ("Forbidden", "403", "Known, but not allowed; or the settings file cannot be changed."),
    ("NoMethod", "405", "The path does not know this method; `Allow` names those that it knows."),
    ("Slow", "408", "The request took too long."),
    ("TooLarge", "413", "The body is too large."),
    ("Media", "415", "The body is no JSON."),
    ("Unfit", "422", "Fields are wrong: every one is named."),
    ("TooMany", "429", "Too many; `Retry-After` says when to come back."),
    ("Broken", "500", "It could not be done."),
];

fn wrong(text: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Wrong"))).build();
    ResponseBuilder::new().description(text).content("application/json", content).build()
}

/// Adds what every operation has in common.
pub(crate) fn complete(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    for (name, _, text) in NAMED.iter().chain(COMMON) {
        components.responses.insert((*name).to_owned(), wrong(text).into());
    }
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, scheme);
    }
    for schema in components.schemas.values_mut() {
        close(schema);
    }
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            operation.operation_id = Some(operation_id(method, path));
            common(path, operation, method != "get");
        }
    }
    document
}

fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "An API key, or the access token of a sign-in: `Authorization: Bearer KEY`. `X-Api-Key: KEY` does as well.",
    ));
    let session = ApiKeyValue::with_description(
        "__Host-stockade",
        "The session of whoever signed in to the page, over TLS.",
    );
    let csrf = ApiKeyValue::with_description(
        "X-CSRF-Token",
        "With a session, requests that change something carry the token that every page has in its forms.",
    );
    [
        ("bearer", SecurityScheme::Http(bearer.build())),
        ("session", SecurityScheme::ApiKey(ApiKey::Cookie(session))),
        ("csrf", SecurityScheme::ApiKey(ApiKey::Header(csrf))),
    ]
}

/// No object has fields that are not described.
fn close(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema
        && !object.properties.is_empty()
    {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    }
}

/// `get_bans`, `delete_bans_address`: the same name for as long as the path is the same.
fn operation_id(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    [method].into_iter().chain(words).collect::<Vec<_>>().join("_")
}

fn common(path: &str, operation: &mut Operation, changes: bool) {
    let is_open = operation.security.is_some();
    let mut names = vec!["NoMethod", "Slow", "Broken"];
    if !is_open || path == "/metrics" {
        names.extend(["Unknown", "Forbidden", "TooMany"]);
    }
    if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        names.extend(["Unreadable", "Unfit", "NotFound"]);
    }
    if operation.request_body.is_some() {
        names.extend(["Unreadable", "TooLarge", "Media", "Unfit"]);
    }
    let mut responses =
        ResponsesBuilder::new().responses_from_iter(std::mem::take(&mut operation.responses.responses));
    for (name, status, _) in NAMED.iter().chain(COMMON).filter(|(name, ..)| names.contains(name)) {
        responses = responses.response(*status, Ref::from_response_name(*name));
    }
    operation.responses = responses.build();
    if !is_open {
        let scopes: [&str; 0] = [];
        let session = SecurityRequirement::new("session", scopes);
        let session = if changes { session.add("csrf", scopes) } else { session };
        operation.security = Some(vec![SecurityRequirement::new("bearer", scopes), session]);
    }
}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "status", security(()),
    responses((status = 200, description = "OpenAPI 3.1.", body = serde_json::Value)))]
pub(crate) async fn read() -> Json<OpenApi> {
    Json(crate::document())
}
