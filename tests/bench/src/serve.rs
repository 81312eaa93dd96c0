//! A bare hyper server: HTTP/1.1 with keep-alive on a free port of the loopback, and nothing else.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What a server prints before its address, once it listens.
pub const LISTENING: &str = "listening on ";

/// Listens on a free port, says on stdout which, and answers with `handler` until the process ends.
pub async fn serve<H, F>(handler: H) -> io::Result<()>
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{LISTENING}{}", listener.local_addr()?);
    answer(listener, handler).await;
    Ok(())
}

/// Answers all connections of a listener, for ever.
pub async fn answer<H, F>(listener: TcpListener, handler: H)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, say: trying again at once would only spin.
                eprintln!("a connection could not be taken: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("a connection keeps its delay: {error}");
        }
        let handler = handler.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = handler(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            // A client that gives up before it is answered is what sick destinations are about.
            if let Err(error) = served
                && !error.is_incomplete_message()
            {
                eprintln!("a connection broke: {error}");
            }
        });
    }
}

/// The whole body of a request, or the answer to one that broke off.
pub async fn body_of(request: Request<Incoming>) -> Result<Bytes, Response<Full<Bytes>>> {
    match request.into_body().collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(_) => Err(empty(StatusCode::BAD_REQUEST)),
    }
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}
