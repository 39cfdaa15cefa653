//! Watches the object storage: feeds [`Outage`] with what downloads and probes meet, and tells everyone who must know.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ccx_config::Config;
use ccx_service::{Condition, Waited};
use prometheus::IntGauge;
use tokio::{net::TcpStream, sync::watch};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::outage::{Failure, Link, Outage, Reachability, Storage, Verdict};

/// How often an address that took no connection is tried: soon enough that an outage ends for us when it ends.
const PROBE_WHEN_AWAY: Duration = Duration::from_secs(1);

/// How often the address is tried otherwise, so that readiness tells the truth when nothing is downloaded.
const PROBE_WHEN_PRESENT: Duration = Duration::from_secs(10);

/// The object storage, as all records in flight see it.
pub(crate) struct StorageWatch {
    outage: Mutex<Outage>,
    state: watch::Sender<Storage>,
    address: Address,
    condition: Condition,
    away: IntGauge,
}

/// How a download failed, before it is known whether the storage's own address is reachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symptom {
    /// No connection could be made.
    NoConnection,
    /// A server took the connection, but gave no good answer in time.
    NoAnswer,
}

impl StorageWatch {
    /// Watches the storage of `config`; readiness is told by `condition`, and `away` is 1 in an outage.
    pub(crate) fn new(config: &Config, condition: Condition, away: IntGauge) -> Self {
        let address = Address::of(config);
        if !address.is_configured {
            condition.ready();
        }
        Self {
            outage: Mutex::default(),
            state: watch::Sender::new(Storage::Present),
            address,
            condition,
            away,
        }
    }

    /// What is known now.
    pub(crate) fn state(&self) -> Storage {
        *self.state.borrow()
    }

    /// A download got an answer.
    pub(crate) fn answered(&self) {
        self.update(Outage::answered);
    }

    /// A download failed: whose fault is it?
    pub(crate) async fn failed(&self, link: Link, symptom: Symptom) -> Verdict {
        let failure = match symptom {
            Symptom::NoConnection => Failure::NoConnection { storage: self.address.probe().await },
            Symptom::NoAnswer => Failure::NoAnswer,
        };
        self.update(|outage| outage.failed(link, failure))
    }

    /// Waits for `delay`, but in an outage not longer than that.
    pub(crate) async fn wait(&self, delay: Duration, shutdown: &CancellationToken) -> Waited {
        let mut state = self.state.subscribe();
        let is_away = *state.borrow_and_update() != Storage::Present;
        tokio::select! {
            () = shutdown.cancelled() => Waited::ShuttingDown,
            () = tokio::time::sleep(delay) => Waited::TryAgain,
            _ = state.wait_for(|storage| *storage == Storage::Present), if is_away => Waited::TryAgain,
        }
    }

    /// Tries the address from time to time, for ever.
    pub(crate) async fn probe(&self) {
        loop {
            let is_worth_a_try = self.address.is_configured || self.state() == Storage::Unreachable;
            if is_worth_a_try {
                let reachability = self.address.probe().await;
                self.update(|outage| outage.probed(reachability));
                self.show(self.state());
            }
            let mut state = self.state.subscribe();
            let is_unreachable = *state.borrow_and_update() == Storage::Unreachable;
            // A change is looked at after a second at the earliest, however often it comes.
            tokio::time::sleep(PROBE_WHEN_AWAY).await;
            if !is_unreachable {
                let _ = tokio::time::timeout(PROBE_WHEN_PRESENT, state.changed()).await;
            }
        }
    }

    fn update<T>(&self, change: impl FnOnce(&mut Outage) -> T) -> T {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut outage);
        let storage = outage.storage();
        let has_changed = self.state.send_if_modified(|state| std::mem::replace(state, storage) != storage);
        if has_changed {
            self.log(storage);
            self.show(storage);
        }
        result
    }

    fn log(&self, storage: Storage) {
        let address = &self.address;
        match storage {
            Storage::Present => tracing::info!(%address, "the object storage is back"),
            Storage::Unreachable => {
                tracing::warn!(%address, "the object storage takes no connection: waiting for it")
            }
            Storage::Silent => {
                tracing::warn!(%address, "no download gets an answer: waiting for the object storage")
            }
        }
    }

    fn show(&self, storage: Storage) {
        self.away.set(i64::from(storage != Storage::Present));
        match storage {
            Storage::Present => self.condition.ready(),
            Storage::Unreachable => self.condition.not_ready(format!("{} takes no connection", self.address)),
            Storage::Silent => self.condition.not_ready("no download gets an answer"),
        }
    }
}

/// Where the storage takes connections.
struct Address {
    host: String,
    port: u16,
    connect_timeout: Duration,
    /// Whether it was given to us. Amazon's is a guess, which is only good for telling a dead link from a dead network.
    is_configured: bool,
}

impl Address {
    fn of(config: &Config) -> Self {
        let connect_timeout = config.pipeline.download_connect_timeout;
        let endpoint =
            config.object_storage.endpoint.as_deref().and_then(|endpoint| Url::parse(endpoint).ok());
        let configured = endpoint.and_then(|url| {
            let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
            Some(Self { host, port: url.port_or_known_default()?, connect_timeout, is_configured: true })
        });
        let region = config.object_storage.region.as_deref().unwrap_or("us-east-1");
        let amazon = || format!("s3.{region}.amazonaws.com");
        configured.unwrap_or_else(|| Self {
            host: amazon(),
            port: 443,
            connect_timeout,
            is_configured: false,
        })
    }

    async fn probe(&self) -> Reachability {
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        match tokio::time::timeout(self.connect_timeout, connecting).await {
            Ok(Ok(_)) => Reachability::Reachable,
            Ok(Err(_)) | Err(_) => Reachability::Unreachable,
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use ccx_service::Health;
    use tokio::net::TcpListener;

    use super::*;

    const LINK: Link = (0, 1);

    fn watch(endpoint: Option<String>) -> (StorageWatch, Health, IntGauge) {
        let mut config = Config::default();
        config.object_storage.endpoint = endpoint;
        let health = Health::new();
        let away = IntGauge::new("away", "away").unwrap();
        let condition = health.condition(ccx_service::Dependency::OBJECT_STORAGE);
        (StorageWatch::new(&config, condition, away.clone()), health, away)
    }

    async fn free_address() -> String {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
    }

    #[test]
    fn the_address_is_the_configured_one_else_amazons() {
        let address = |endpoint: Option<&str>| watch(endpoint.map(str::to_owned)).0.address.to_string();
        assert_eq!(address(Some("http://minio:9000/")), "minio:9000");
        assert_eq!(address(Some("https://s3.example.com")), "s3.example.com:443");
        assert_eq!(address(Some("http://[::1]:9000")), "::1:9000");
        assert_eq!(address(None), "s3.us-east-1.amazonaws.com:443");
    }

    #[tokio::test]
    async fn readiness_follows_the_address() {
        let address = free_address().await;
        let (storage, health, away) = watch(Some(format!("http://{address}")));
        assert_eq!(storage.failed(LINK, Symptom::NoConnection).await, Verdict::StorageIsAway);
        let unmet: Vec<_> = health.readiness().unmet().map(ToString::to_string).collect();
        assert_eq!(unmet, [format!("object storage: {address} takes no connection")]);
        assert_eq!(away.get(), 1);

        let listener = TcpListener::bind(&address).await.unwrap();
        let never = CancellationToken::new();
        let end_of_outage = storage.wait(Duration::from_hours(1), &never);
        tokio::select! {
            () = storage.probe() => unreachable!("it probes for ever"),
            waited = end_of_outage => assert_eq!(waited, Waited::TryAgain),
        }
        assert!(health.readiness().is_ready());
        assert_eq!(away.get(), 0);
        assert_eq!(storage.failed(LINK, Symptom::NoConnection).await, Verdict::CountsAgainstLink);
        drop(listener);
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_process_is_to_stop() {
        let (storage, ..) = watch(None);
        let shutdown = CancellationToken::new();
        shutdown.cancel();
        assert_eq!(storage.wait(Duration::from_hours(1), &shutdown).await, Waited::ShuttingDown);
    }
}
