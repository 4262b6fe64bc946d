//! Where Prometheus comes for the metrics: a page of HTTP, for few readers at a time.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::metrics::Metrics;
use crate::status::{Failure, Status};

/// How many may read at once.
const READERS: usize = 16;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(10);
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Listens for Prometheus.
///
/// # Errors
///
/// A [`Failure`] of status 4 where the address can't be had.
pub(super) async fn bind(address: SocketAddr) -> Result<(TcpListener, String), Failure> {
    let bound = TcpListener::bind(address).await;
    let bound = bound.and_then(|it| it.local_addr().map(|address| (it, address)));
    let (listener, address) = bound.map_err(|error| {
        Failure::new(Status::Unreachable, format!("--metrics: can't listen on {address}: {error}"))
    })?;
    Ok((listener, format!("http://{address}/metrics")))
}

/// Serves the page, until it is dropped.
pub(super) async fn serve(listener: TcpListener, metrics: Arc<Metrics>) {
    let readers = Arc::new(Semaphore::new(READERS));
    loop {
        let Ok(place) = Arc::clone(&readers).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let metrics = Arc::clone(&metrics);
                tokio::spawn(async move {
                    // A reader who goes half-way misses the rest, and nobody else does.
                    let _ = timeout(PATIENCE, answer(stream, &metrics)).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "can't accept a reader of metrics");
                sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn answer(stream: TcpStream, metrics: &Metrics) -> Result<(), hyper::Error> {
    let service = service_fn(|request: Request<Incoming>| async move {
        Ok::<_, Infallible>(page(request.method(), request.uri().path(), metrics))
    });
    http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service).await
}

fn page(method: &Method, path: &str, metrics: &Metrics) -> Response<Full<Bytes>> {
    let status = match (method, path) {
        (&Method::GET, "/metrics") => StatusCode::OK,
        (_, "/metrics") => StatusCode::METHOD_NOT_ALLOWED,
        _ => StatusCode::NOT_FOUND,
    };
    let text =
        if status == StatusCode::OK { metrics.render() } else { "see /metrics\n".to_owned() };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    if status == StatusCode::OK {
        let kind = hyper::header::HeaderValue::from_static(OPEN_METRICS);
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}
