//! The HTTP server of every process, and the routes that they have in common.

use std::{
    fmt::Write as _,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use prometheus::{Encoder as _, Registry, TextEncoder};
use snafu::{ResultExt, Snafu};
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::{Health, process_metrics::register_process_metrics, write_timeout::WriteTimeout};

/// Time after which a connection without a complete request head is closed, so that slow clients can't hold
/// connections.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Time after which a connection is closed when the client reads no byte of its response. The services that
/// this one replaces close it 30 s after the request, regardless of the rest of the response.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum number of connections that wait to be accepted, as in tokio.
const BACKLOG: i32 = 1024;

/// Linux's number of "address family not supported by protocol": IPv6 is compiled out or disabled.
const EAFNOSUPPORT: i32 = 97;

/// Delay after a failed accept, for example for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The HTTP server can't be started.
#[derive(Debug, Snafu)]
#[snafu(display("failed to listen on {address}"))]
pub struct ServeError {
    address: SocketAddr,
    source: io::Error,
}

/// Listens on `address`. `[::]` stands for all addresses of the machine, also of IPv4, regardless of the
/// system's default.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = match listen(address) {
        // The machine has no IPv6.
        Err(error) if is_any_v6(address) && lacks_address_family(&error) => {
            listen(SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())))
        }
        outcome => outcome,
    };
    listener.and_then(TcpListener::from_std).context(ServeSnafu { address })
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(!is_any_v6(address))?;
    }
    // A restarted process can bind the port of the previous one.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn is_any_v6(address: SocketAddr) -> bool {
    address.ip() == Ipv6Addr::UNSPECIFIED
}

fn lacks_address_family(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(EAFNOSUPPORT)) || error.kind() == io::ErrorKind::AddrNotAvailable
}

/// Returns the routes `/livez`, `/readyz` and `/metrics`.
///
/// `/readyz` is text with a line for each dependency that is not met, or, with `?verbose` or for a client that accepts
/// `application/json`, the [`Readiness`](crate::Readiness) as JSON.
///
/// The metrics of the process and of its build, `process_…` and `ccx_build_info`, are added to `registry`.
pub fn routes(health: Health, registry: Registry) -> Router {
    register_process_metrics(&registry);
    let live = health.clone();
    Router::new()
        .route("/livez", get(async move || liveness(&live)))
        .route(
            "/readyz",
            get(async move |uri: Uri, headers: HeaderMap| readiness(&health, wants_json(&uri, &headers))),
        )
        .route("/metrics", get(async move || metrics(&registry)))
}

fn liveness(health: &Health) -> Response {
    match health.liveness() {
        Ok(()) => "ok\n".into_response(),
        Err(report) => (StatusCode::SERVICE_UNAVAILABLE, report).into_response(),
    }
}

fn readiness(health: &Health, as_json: bool) -> Response {
    let readiness = health.readiness();
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if as_json {
        return (status, Json(readiness)).into_response();
    }
    let mut text = String::new();
    if readiness.is_ready() {
        text.push_str("ok\n");
    }
    for dependency in readiness.dependencies.iter().filter(|it| it.cause.is_some() || !it.ok) {
        let _ = writeln!(text, "{dependency}");
    }
    (status, text).into_response()
}

fn wants_json(uri: &Uri, headers: &HeaderMap) -> bool {
    let parameters = uri.query().unwrap_or_default().split('&');
    let is_verbose = |parameter: &str| {
        matches!(parameter.split_once('='), None | Some((_, "" | "1" | "true")))
            && parameter.split('=').next() == Some("verbose")
    };
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    parameters.into_iter().any(is_verbose) || accept.is_some_and(|accept| accept.contains("application/json"))
}

fn metrics(registry: &Registry) -> impl IntoResponse + use<> {
    let mut text = Vec::new();
    let status = match TextEncoder::new().encode(&registry.gather(), &mut text) {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            tracing::error!(%error, "failed to encode metrics");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    (status, [(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}

/// Serves `router` until `shutdown`, then gives requests in flight `grace` to finish.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken, grace: Duration) {
    let connections = GracefulShutdown::new();
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => serve_connection(stream, router.clone(), &connections),
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(grace, connections.shutdown()).await.is_err() {
        tracing::warn!(grace_seconds = grace.as_secs(), "requests in flight did not finish in time");
    }
}

fn serve_connection(stream: TcpStream, router: Router, connections: &GracefulShutdown) {
    // Responses are small and complete: waiting to fill a packet only adds latency.
    let _ = stream.set_nodelay(true);
    let stream = WriteTimeout::new(stream, WRITE_TIMEOUT);
    let mut server = auto::Builder::new(TokioExecutor::new()).http1_only();
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
    let connection =
        server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).into_owned();
    let watched = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(error = %error, "connection ended");
        }
    });
}

#[cfg(test)]
mod tests {
    use prometheus::IntCounter;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::{Dependency, Readiness};

    fn start(router: Router) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(serve(listener, router, shutdown.clone(), Duration::from_secs(10)));
        (address, shutdown, server)
    }

    async fn request(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn routes_serve_health_and_metrics() {
        let health = Health::new();
        let registry = Registry::new();
        let counter = IntCounter::new("consumed_messages", "messages").unwrap();
        registry.register(Box::new(counter.clone())).unwrap();
        counter.inc();
        let database = health.condition(Dependency::DATABASE);
        let (address, shutdown, server) = start(routes(health, registry));

        assert!(request(address, "/livez").await.starts_with("HTTP/1.1 200"));
        let unready = request(address, "/readyz").await;
        assert!(
            unready.starts_with("HTTP/1.1 503") && unready.contains("database: not checked yet"),
            "{unready}"
        );
        database.ready();
        assert!(request(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        assert!(request(address, "/metrics").await.contains("\nconsumed_messages 1\n"));
        shutdown.cancel();
        server.await.unwrap();
    }

    #[tokio::test]
    async fn readyz_verbose_is_json_with_every_dependency_and_its_cause() {
        let health = Health::new();
        health.condition(Dependency::DATABASE).ready();
        health.condition(Dependency::KAFKA).not_ready("no broker");
        let (address, shutdown, server) = start(routes(health.clone(), Registry::new()));
        for path in ["/readyz?verbose", "/readyz?verbose=true"] {
            let response = request(address, path).await;
            assert!(response.starts_with("HTTP/1.1 503"), "{response}");
            let body = response.rsplit("\r\n\r\n").next().unwrap();
            assert_eq!(serde_json::from_str::<Readiness>(body).unwrap(), health.readiness());
        }
        for path in ["/readyz", "/readyz?verbose=false", "/readyz?verbosely"] {
            assert!(request(address, path).await.ends_with("\r\n\r\nkafka: no broker\n"), "{path}");
        }
        shutdown.cancel();
        server.await.unwrap();
    }

    #[tokio::test]
    async fn bind_of_unspecified_v6_address_accepts_v4_and_v6() {
        let port = bind((Ipv6Addr::UNSPECIFIED, 0).into()).unwrap();
        let address = port.local_addr().unwrap();
        for ip in ["127.0.0.1", "::1"] {
            let connected = TcpStream::connect((ip, address.port())).await;
            // A machine without IPv6 gets an IPv4 socket.
            assert!(connected.is_ok() || (ip == "::1" && address.is_ipv4()), "{ip}: {connected:?}");
        }
    }

    #[tokio::test]
    async fn bind_of_address_in_use_is_an_error_with_the_address() {
        let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let error = bind(address).unwrap_err();
        assert_eq!(error.to_string(), format!("failed to listen on {address}"));
    }

    #[tokio::test]
    async fn metrics_include_process_and_build() {
        let (address, shutdown, server) = start(routes(Health::new(), Registry::new()));
        let metrics = request(address, "/metrics").await;
        for name in
            ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"]
        {
            assert!(metrics.contains(&format!("\n{name} ")), "{name}: {metrics}");
        }
        let version = env!("CARGO_PKG_VERSION");
        assert!(metrics.contains(&format!("ccx_build_info{{version=\"{version}\"}} 1")), "{metrics}");
        shutdown.cancel();
        server.await.unwrap();
    }

    #[test]
    fn wants_json_of_accept_header_is_decided_by_media_type() {
        let with = |accept: &str| HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
        let uri = Uri::from_static("/readyz");
        assert!(wants_json(&uri, &with("application/json, text/plain;q=0.5")));
        assert!(!wants_json(&uri, &with("*/*")) && !wants_json(&uri, &HeaderMap::new()));
    }

    #[tokio::test]
    async fn request_in_flight_at_shutdown_finishes() {
        let arrived = CancellationToken::new();
        let signal = arrived.clone();
        let slow = get(async move || {
            signal.cancel();
            tokio::time::sleep(Duration::from_millis(200)).await;
            "done"
        });
        let (address, shutdown, server) = start(Router::new().route("/slow", slow));
        let client = tokio::spawn(async move { request(address, "/slow").await });
        arrived.cancelled().await;
        shutdown.cancel();
        assert!(client.await.unwrap().ends_with("done"));
        server.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "no new connections after the signal");
    }
}
