//! The archives that were dropped onto the page, and how far they are.

use askama::Template;
use axum::{
    extract::{FromRequestParts as _, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _};
use multer::{Field, Multipart};

use super::{actions::is_from_another_site, respond};
use crate::{
    BASE,
    error_page::{ErrorPage, Kind},
    frame::{Frame, Section, Theme},
    html,
    icon::Icon,
    list::Column,
    page::Page,
    texts::Texts,
    uploads::{Upload, UploadState, Uploads},
    visit::Visit,
};

/// The path of the list.
const PATH: &str = "/uploads";

/// The limit of the form's token, in bytes.
const MAX_TOKEN: usize = 1024;

/// The limit of archives in one form.
const MAX_ARCHIVES: usize = 100;

#[derive(Template)]
#[template(path = "uploads.html")]
struct View<'a> {
    frame: &'a Frame,
    now: DateTime<Utc>,
    columns: Vec<Column>,
    rows: Vec<Upload>,
    is_pending: bool,
}

impl View<'_> {
    #[allow(clippy::unused_self, reason = "templates call methods")]
    fn size(&self, upload: &Upload) -> String {
        size(upload.size_bytes)
    }
}

/// Shows the archives.
pub(crate) async fn list(State(page): State<Page>, visit: Visit) -> Result<Response, ErrorPage> {
    let uploads = uploads(&page, &visit)?;
    let rows = uploads.list();
    let texts = visit.texts;
    let view = View {
        frame: &visit.frame(Section::Clusters),
        now: visit.now,
        columns: columns(texts),
        is_pending: rows.iter().any(|upload| upload.state.is_pending()),
        rows,
    };
    Ok(respond(StatusCode::OK, &view))
}

/// Receives archives from a form: first its token, then any number of files.
pub(crate) async fn receive(State(page): State<Page>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let visit = match Visit::from_request_parts(&mut parts, &page).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = content_type.and_then(|text| multer::parse_boundary(text).ok());
    if is_from_another_site(&parts.headers) {
        return visit.error(Kind::Expired).into_response();
    }
    let Some(boundary) = boundary else { return visit.error(Kind::Invalid).into_response() };
    let form = Multipart::new(body.into_data_stream(), boundary);
    match receive_files(&page, &visit, form).await {
        Ok(()) => Redirect::to(&format!("{BASE}{PATH}")).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn receive_files(page: &Page, visit: &Visit, mut form: Multipart<'_>) -> Result<(), ErrorPage> {
    let uploads = uploads(page, visit)?;
    let invalid = |_| visit.error(Kind::Invalid);
    let mut is_authentic = false;
    for _ in 0..=MAX_ARCHIVES {
        let Some(field) = form.next_field().await.map_err(invalid)? else { break };
        match field.name() {
            Some("csrf") => {
                let token = read_short(field).await.map_err(invalid)?;
                is_authentic = page.form_key.is_valid(&token, &visit.caller, visit.now);
            }
            Some("archive") if is_authentic => {
                let name = field.file_name().unwrap_or_default().to_owned();
                // A form without a chosen file has an empty part.
                if !name.is_empty() {
                    let content = field.map_err(Into::into).boxed();
                    uploads.receive(&name, content).await;
                }
            }
            Some("archive") => return Err(visit.error(Kind::Expired)),
            _ => {}
        }
    }
    if is_authentic { Ok(()) } else { Err(visit.error(Kind::Expired)) }
}

async fn read_short(mut field: Field<'_>) -> Result<String, multer::Error> {
    let mut text = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        text.extend(chunk.iter().take(MAX_TOKEN - text.len().min(MAX_TOKEN)));
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn uploads<'a>(page: &'a Page, visit: &Visit) -> Result<&'a dyn Uploads, ErrorPage> {
    page.uploads.as_deref().ok_or_else(|| visit.error(Kind::NotFound))
}

fn columns(texts: &Texts) -> Vec<Column> {
    vec![
        Column::fixed(texts.archive),
        Column::fixed(texts.size).with_class("ccx-number"),
        Column::fixed(texts.status),
        Column::fixed(texts.result),
        Column::fixed(texts.received),
    ]
}

/// Returns a size with three digits at most.
fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1_000 => return format!("{bytes} B"),
        1_000..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = bytes * 10 / unit;
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_has_a_unit_and_few_digits() {
        for (bytes, expected) in
            [(0, "0 B"), (999, "999 B"), (1_050, "1.0 kB"), (156_789, "156 kB"), (2_500_000, "2.5 MB")]
        {
            assert_eq!(size(bytes), expected);
        }
    }
}
