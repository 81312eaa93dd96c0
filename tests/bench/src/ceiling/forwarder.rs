//! The bare forwarder: reads the body, posts it on, answers 204 after the sink has answered.

use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::serve::{self, body_of, empty};

/// The client that posts on; its clones share their connections.
pub type Forward = Client<HttpConnector, Full<Bytes>>;

/// Serves until the process ends.
pub async fn serve(sink: Uri) -> io::Result<()> {
    let client = client();
    serve::serve(move |request| forward(client.clone(), sink.clone(), request)).await
}

/// A client that keeps its connections open.
pub fn client() -> Forward {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Posts one event on.
pub async fn forward(client: Forward, sink: Uri, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let body = match body_of(request).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let mut onward = Request::new(Full::new(body));
    *onward.method_mut() = Method::POST;
    *onward.uri_mut() = sink;
    onward.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let Ok(answer) = client.request(onward).await else {
        return empty(StatusCode::BAD_GATEWAY);
    };
    let status = answer.status();
    if answer.into_body().collect().await.is_err() || !status.is_success() {
        return empty(StatusCode::BAD_GATEWAY);
    }
    empty(StatusCode::NO_CONTENT)
}
