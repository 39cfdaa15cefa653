use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::http::{Method, Request, Response, StatusCode};
use ccx_service::Health;
use ccx_test_support::eventually_async;
use kube::client::Body;
use serde_json::{Value, json};

use super::*;

/// One Lease on a server that can be unavailable.
#[derive(Clone, Default)]
struct Server {
    lease: Arc<Mutex<Option<Value>>>,
    is_unavailable: Arc<AtomicBool>,
}

impl Server {
    fn client(&self) -> Client {
        let server = self.clone();
        Client::new(tower::service_fn(move |request| server.clone().answer(request)), "ns")
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<Body>, tower::BoxError> {
        if self.is_unavailable.load(Ordering::SeqCst) {
            return Err("connection refused".into());
        }
        let method = request.method().clone();
        let sent = request.into_body().collect_bytes().await?;
        let (code, body) = self.handle(&method, serde_json::from_slice(&sent).unwrap_or_default());
        Ok(Response::builder().status(code).body(Body::from(serde_json::to_vec(&body)?))?)
    }

    fn handle(&self, method: &Method, mut sent: Value) -> (StatusCode, Value) {
        let mut lease = self.lease.lock().unwrap();
        let current = lease.as_ref().map(|lease| lease["metadata"]["resourceVersion"].clone());
        match (method, current) {
            (&Method::GET, Some(_)) => (StatusCode::OK, lease.clone().unwrap()),
            (&Method::GET, None) => failure(StatusCode::NOT_FOUND),
            (&Method::PUT, Some(version)) if version != sent["metadata"]["resourceVersion"] => {
                failure(StatusCode::CONFLICT)
            }
            (&Method::POST, Some(_)) => failure(StatusCode::CONFLICT),
            (_, current) => {
                let version =
                    current.and_then(|version| version.as_str()?.parse::<u64>().ok()).unwrap_or_default() + 1;
                sent["metadata"]["resourceVersion"] = json!(version.to_string());
                *lease = Some(sent.clone());
                (StatusCode::OK, sent)
            }
        }
    }

    fn holder(&self) -> Option<String> {
        let lease = self.lease.lock().unwrap();
        lease.as_ref()?["spec"]["holderIdentity"].as_str().map(str::to_owned)
    }
}

fn failure(code: StatusCode) -> (StatusCode, Value) {
    let reason = if code == StatusCode::NOT_FOUND { "NotFound" } else { "Conflict" };
    (
        code,
        json!({"kind": "Status", "status": "Failure", "code": code.as_u16(), "reason": reason, "message": ""}),
    )
}

/// A candidate for leadership.
struct Process {
    shutdown: CancellationToken,
    fence: Fence,
    terms: Arc<AtomicUsize>,
    leads: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

/// Several times as fast as in production.
const TIMING: Timing = Timing {
    duration: Duration::from_secs(5),
    renew_deadline: Duration::from_secs(2),
    retry: Duration::from_millis(50),
};

impl Process {
    fn start(server: &Server, identity: &str) -> Self {
        let (health, fence, shutdown) = (Health::new(), Fence::default(), CancellationToken::new());
        let health = HealthHandles {
            fence: fence.clone(),
            reachable: health.condition("api"),
            heartbeat: health.heartbeat("election", Duration::from_mins(1)),
        };
        let elector = Elector::new(server.client(), "ns", "lease", identity, TIMING, health);
        let (terms, leads) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, shown) = (Arc::clone(&terms), Arc::clone(&leads));
        let task = tokio::spawn(elector.run(shutdown.clone(), move |stop| {
            counted.fetch_add(1, Ordering::SeqCst);
            let shown = Shown::new(&shown);
            async move {
                let _shown = shown;
                stop.cancelled().await;
            }
        }));
        Self { shutdown, fence, terms, leads, task }
    }

    fn leads(&self) -> bool {
        self.leads.load(Ordering::SeqCst)
    }
}

struct Shown(Arc<AtomicBool>);

impl Shown {
    fn new(leads: &Arc<AtomicBool>) -> Self {
        leads.store(true, Ordering::SeqCst);
        Self(Arc::clone(leads))
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn one_of_two_leads_and_hands_over_when_it_stops() {
    let server = Server::default();
    let first = Process::start(&server, "a");
    eventually_async("the first leads", async || first.leads()).await;
    let second = Process::start(&server, "b");
    eventually_async("the second has looked", async || server.holder().as_deref() == Some("a")).await;
    assert!(!second.leads());
    let asked = Instant::now();
    first.shutdown.cancel();
    eventually_async("the second leads", async || second.leads()).await;
    assert!(asked.elapsed() < TIMING.duration, "the lease was given back, not left to expire");
    assert!(!first.leads() && !first.fence.is_open());
    first.task.await.unwrap();
    second.shutdown.cancel();
    second.task.await.unwrap();
    assert_eq!(server.holder(), None);
}

#[tokio::test]
async fn leader_without_the_server_stops_before_the_lease_expires_and_returns() {
    let server = Server::default();
    let process = Process::start(&server, "a");
    eventually_async("it leads", async || process.leads()).await;
    server.is_unavailable.store(true, Ordering::SeqCst);
    let outage_start = Instant::now();
    eventually_async("it stops", async || !process.leads()).await;
    assert!(outage_start.elapsed() < TIMING.duration, "a rival may take the lease only after that");
    assert!(!process.fence.is_open());
    server.is_unavailable.store(false, Ordering::SeqCst);
    eventually_async("it leads again", async || process.leads()).await;
    assert_eq!(process.terms.load(Ordering::SeqCst), 2);
    process.shutdown.cancel();
    process.task.await.unwrap();
}

#[tokio::test]
async fn short_outage_does_not_interrupt_a_term() {
    let server = Server::default();
    let process = Process::start(&server, "a");
    eventually_async("it leads", async || process.leads()).await;
    server.is_unavailable.store(true, Ordering::SeqCst);
    tokio::time::sleep(TIMING.retry * 2).await;
    server.is_unavailable.store(false, Ordering::SeqCst);
    tokio::time::sleep(TIMING.renew_deadline).await;
    assert_eq!((process.leads(), process.terms.load(Ordering::SeqCst)), (true, 1));
    process.shutdown.cancel();
    process.task.await.unwrap();
}

#[tokio::test]
async fn killed_leader_is_replaced_after_its_renew_deadline() {
    let server = Server::default();
    let first = Process::start(&server, "a");
    eventually_async("the first leads", async || first.leads()).await;
    first.task.abort();
    let died = Instant::now();
    let second = Process::start(&server, "b");
    eventually_async("the second leads", async || second.leads()).await;
    assert!(died.elapsed() >= TIMING.renew_deadline, "the first might still have been writing");
    second.shutdown.cancel();
    second.task.await.unwrap();
}
