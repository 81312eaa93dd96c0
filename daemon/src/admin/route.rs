//! Which path is answered by what.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorman_core::queues::delivery::Wish;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use tokio::time::timeout;

use super::answer::{self, Answer};
use super::problem::Problem;
use super::query::{Query, percent_decode};
use super::{Admin, deliveries, destinations, events, guard, metrics, replay, scripts, status};

/// The largest request body: room for [`deliveries::MAX_IDS`] and [`replay::MAX_IDS`] ids.
const MAX_BODY_BYTES: usize = 65_536;
/// How long a request body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers one request.
pub async fn answer(admin: Arc<Admin>, request: Request<Incoming>) -> Answer {
    match dispatch(admin, request).await {
        Ok(answer) => answer,
        Err(problem) => problem.into_answer(),
    }
}

async fn dispatch(admin: Arc<Admin>, request: Request<Incoming>) -> Result<Answer, Problem> {
    let path = request.uri().path().to_owned();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["healthz"] => {
            read_only(request.method())?;
            return Ok(answer::with_content(StatusCode::OK, "text/plain; charset=utf-8", "ok\n"));
        }
        ["readyz"] => {
            read_only(request.method())?;
            return blocking(move || status::ready(&admin)).await;
        }
        _ => guard::check_reader(&admin.auth, &request)?,
    }
    match segments.as_slice() {
        ["metrics"] => {
            read_only(request.method())?;
            blocking(move || metrics::scrape(&admin)).await
        }
        ["api", "status"] => {
            read_only(request.method())?;
            blocking(move || status::status(&admin)).await
        }
        ["api", "events"] => {
            read_only(request.method())?;
            let query = Query::parse(request.uri().query(), &events::PARAMETERS)?;
            blocking(move || events::list(&*admin.log, &query)).await
        }
        ["api", "events", reference] => {
            read_only(request.method())?;
            let reference = percent_decode(reference, false)?;
            blocking(move || events::show(&admin, &reference)).await
        }
        ["api", "deliveries"] => {
            read_only(request.method())?;
            let query = Query::parse(request.uri().query(), &deliveries::PARAMETERS)?;
            blocking(move || deliveries::list(&admin, &query)).await
        }
        ["api", "deliveries", operation @ ("retry" | "release" | "discard")] => {
            if request.method() != Method::POST {
                return Err(Problem::method_not_allowed("POST"));
            }
            guard::check_operator(&admin.auth, request.headers())?;
            let body = read_body(request).await?;
            match *operation {
                "retry" => deliveries::retry(admin, body).await,
                "release" => deliveries::release(admin, body).await,
                _ => deliveries::discard(admin, body).await,
            }
        }
        ["api", "destinations"] => {
            read_only(request.method())?;
            destinations::list(admin).await
        }
        ["api", "destinations", name, wish @ ("pause" | "resume")] => {
            if request.method() != Method::POST {
                return Err(Problem::method_not_allowed("POST"));
            }
            guard::check_operator(&admin.auth, request.headers())?;
            let wish = if *wish == "pause" { Wish::Pause } else { Wish::Resume };
            destinations::wish(admin, &percent_decode(name, false)?, wish).await
        }
        ["api", "deliveries", "move"] => {
            if request.method() != Method::POST {
                return Err(Problem::method_not_allowed("POST"));
            }
            guard::check_operator(&admin.auth, request.headers())?;
            let body = read_body(request).await?;
            deliveries::move_to(admin, body).await
        }
        ["api", "replay"] => {
            if request.method() != Method::POST {
                return Err(Problem::method_not_allowed("POST"));
            }
            guard::check_operator(&admin.auth, request.headers())?;
            let body = read_body(request).await?;
            replay::replay(admin, body).await
        }
        ["api", "scripts"] => {
            read_only(request.method())?;
            blocking(move || scripts::show(&admin)).await
        }
        ["api", "scripts", "reload"] => {
            if request.method() != Method::POST {
                return Err(Problem::method_not_allowed("POST"));
            }
            guard::check_operator(&admin.auth, request.headers())?;
            let body = read_body(request).await?;
            scripts::reload(admin, body).await
        }
        ["api", "store", "verify"] if request.method() == Method::POST => {
            guard::check_operator(&admin.auth, request.headers())?;
            admin.verification.begin()
        }
        ["api", "store", "verify"] => {
            let problem = |_| Problem::method_not_allowed("GET, HEAD, POST");
            read_only(request.method()).map_err(problem)?;
            admin.verification.show()
        }
        _ => Err(Problem::not_found(
            "there is nothing at this path; the API begins at /api/status and /api/events",
        )),
    }
}

fn read_only(method: &Method) -> Result<(), Problem> {
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    Err(Problem::method_not_allowed("GET, HEAD"))
}

async fn read_body(request: Request<Incoming>) -> Result<Bytes, Problem> {
    let body = Limited::new(request.into_body(), MAX_BODY_BYTES);
    match timeout(BODY_TIMEOUT, body.collect()).await {
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the request body took too long")),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            let message = format!("the request body may have {MAX_BODY_BYTES} bytes at most");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message))
        }
        Ok(Err(_)) => {
            Err(Problem::new(StatusCode::BAD_REQUEST, "incomplete", "the request body is incomplete"))
        }
    }
}

/// Runs what reads the store where it may block.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => {
            tracing::error!(%error, "an admin request ended abnormally");
            Err(Problem::internal("the request ended abnormally; the daemon's log says more"))
        }
    }
}
