//! The bare receiver: reads the body, appends it to a file with group fsync, answers 204.

use std::io;
use std::path::Path;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};

use super::journal::Journal;
use crate::serve::{self, body_of, empty};

/// Serves until the process ends. `file` gets a line for each body.
pub async fn serve(file: &Path) -> io::Result<()> {
    let journal = Journal::create(file)?;
    serve::serve(move |request| receive(journal.clone(), request)).await
}

/// Takes one event.
pub async fn receive(journal: Journal, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let body = match body_of(request).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if journal.append(body).await {
        empty(StatusCode::NO_CONTENT)
    } else {
        empty(StatusCode::SERVICE_UNAVAILABLE)
    }
}
