//! The writer of processed requests: for clusters that were asked to gather data at once and wait for the result.
//!
//! They are stored in Valkey or, where no server is configured, in a table of ours in the database. Several writers may be active,
//! since a request that is written twice is the same.

use ccx_messages::{ClusterId, OrgId, Results, ResultsError};
use ccx_service::{Dependency, Telemetry, Waited};
use ccx_storage::{ClusterResult, ConsumerError, Database, NewProcessedRequest, StorageError, StoredRequest};
use ccx_valkey::{ProcessedRequest, RequestStore, ValkeyError};
use chrono::{DateTime, TimeDelta, Utc};
use snafu::{ResultExt, Snafu};
use tracing::info;

use crate::{
    WriterError,
    error::{DatabaseSnafu, ValkeySnafu},
    member::Member,
    outcome::{Message, Outcome},
    result::{Parsed, ParsedResult},
    sink::{Interrupted, Sink},
    storage_retry::StorageRetry,
};

/// Writes requests until the shutdown.
pub(crate) async fn run(member: &Member<'_>, telemetry: &Telemetry) -> Result<(), WriterError> {
    let (store, dependency) = store(member)?;
    let mut sink = RequestSink { store, retry: member.retry(telemetry.health.condition(dependency)) };
    // Messages are read only once they can be stored.
    let available = tokio::select! {
        available = sink.check() => available,
        never = member.observe_without_consumer() => match never {},
    };
    if let Err(interrupted) = available {
        info!(?interrupted, "storage of requests was never available");
        return Ok(());
    }
    // The state of the sink is large: on the heap, it does not add to the size of every caller.
    Box::pin(member.write(sink)).await.map(drop)
}

/// Returns the configured store, and what it depends on.
fn store(member: &Member<'_>) -> Result<(Store, &'static str), WriterError> {
    let expiration = member.config.valkey_writer.expiration;
    if member.config.valkey.endpoint.is_some() {
        let store = RequestStore::new(&member.config.valkey).context(ValkeySnafu)?;
        return Ok((Store::Valkey(store.with_expiration(expiration)), Dependency::VALKEY));
    }
    let database = Database::connect(&member.config.database).context(DatabaseSnafu)?;
    info!("no Valkey server is configured, storing requests in the database");
    let expiration = TimeDelta::from_std(expiration).unwrap_or(TimeDelta::MAX);
    Ok((Store::Database { database, expiration }, Dependency::DATABASE))
}

/// Where processed requests are stored.
enum Store {
    Valkey(RequestStore),
    Database { database: Database, expiration: TimeDelta },
}

/// The store is unavailable.
#[derive(Debug, Snafu)]
enum StoreError {
    #[snafu(transparent)]
    Valkey { source: ValkeyError },
    #[snafu(transparent)]
    Database { source: StorageError },
}

impl Store {
    async fn write(&self, requests: &[ProcessedRequest], now: DateTime<Utc>) -> Result<(), StoreError> {
        match self {
            Self::Valkey(store) => Ok(store.write(requests).await?),
            Self::Database { database, expiration } => {
                let named = requests.iter().filter(|request| !request.request_id.is_empty());
                let new: Vec<NewProcessedRequest> = named.map(row).collect();
                let expires_at = now.checked_add_signed(*expiration).unwrap_or(DateTime::<Utc>::MAX_UTC);
                Ok(database.store_processed_requests(&new, now, expires_at).await?)
            }
        }
    }

    async fn check(&self) -> Result<(), StoreError> {
        match self {
            Self::Valkey(store) => Ok(store.ping().await?),
            Self::Database { database, .. } => Ok(database.ping().await?),
        }
    }
}

fn row(request: &ProcessedRequest) -> NewProcessedRequest {
    NewProcessedRequest {
        org_id: request.org_id,
        cluster_id: request.cluster_id,
        request: StoredRequest {
            request_id: request.request_id.clone(),
            received: request.received(),
            processed: request.processed(),
            rule_hits: request.rule_hits(),
        },
    }
}

/// The parts of a results message that are kept for its request.
#[derive(Debug)]
pub(crate) struct RequestResult {
    org_id: OrgId,
    cluster_id: ClusterId,
    last_checked_at: DateTime<Utc>,
    gathered_at: Option<DateTime<Utc>>,
    hits: Vec<(String, String)>,
}

impl ClusterResult for RequestResult {
    fn org_id(&self) -> OrgId {
        self.org_id
    }

    fn cluster_id(&self) -> ClusterId {
        self.cluster_id
    }

    fn last_checked_at(&self) -> DateTime<Utc> {
        self.last_checked_at
    }
}

impl ParsedResult for RequestResult {
    fn parse(
        payload: &[u8],
        is_allowed: impl FnOnce(OrgId) -> bool,
    ) -> Result<Option<Parsed<Self>>, ResultsError> {
        let Some(results) = Results::parse_if(payload, is_allowed)? else { return Ok(None) };
        let hits = results.report.hits.iter();
        let result = Self {
            org_id: results.org_id,
            cluster_id: results.cluster_id,
            last_checked_at: results.last_checked.utc(),
            gathered_at: results.gathered_at,
            hits: hits.map(|hit| (hit.component.to_string(), hit.error_key.to_string())).collect(),
        };
        Ok(Some(Parsed {
            result,
            account_number: results.account_number,
            request_id: results.request_id,
            version: results.version,
            last_checked: results.last_checked,
        }))
    }

    /// The request of a cluster that has not authenticated is kept under the organisation of its sender alone.
    fn mark_unauthenticated(&mut self) {}
}

/// The requests in a store.
struct RequestSink {
    store: Store,
    retry: StorageRetry,
}

impl Sink for RequestSink {
    type Result = RequestResult;

    async fn store(&mut self, messages: &mut [&mut Message<RequestResult>]) -> Result<(), Interrupted> {
        let processed_at = Utc::now();
        let requests: Vec<_> =
            messages.iter().filter_map(|message| processed(message, processed_at)).collect();
        loop {
            match self.retry.request(self.store.write(&requests, processed_at)).await {
                Ok(()) => break,
                Err(error) => self.wait(&error).await?,
            }
        }
        self.retry.succeeded();
        for message in messages {
            message.finish(Outcome::Stored);
        }
        Ok(())
    }

    /// There is no place for rejected messages.
    async fn record(&mut self, _errors: &[ConsumerError]) -> Result<(), Interrupted> {
        Ok(())
    }

    async fn check(&mut self) -> Result<(), Interrupted> {
        while let Err(error) = self.retry.request(self.store.check()).await {
            self.wait(&error).await?;
        }
        self.retry.succeeded();
        Ok(())
    }

    async fn release(self) -> StorageRetry {
        self.retry
    }
}

impl RequestSink {
    async fn wait(&mut self, error: &StoreError) -> Result<(), Interrupted> {
        match self.retry.failed(error).await {
            Waited::TryAgain => Ok(()),
            Waited::ShuttingDown => Err(Interrupted::ShuttingDown),
        }
    }
}

/// Returns the request of a message, unless it has no id.
fn processed(message: &Message<RequestResult>, processed_at: DateTime<Utc>) -> Option<ProcessedRequest> {
    let (result, request) = (message.result()?, message.request.as_ref()?);
    Some(ProcessedRequest {
        org_id: result.org_id,
        cluster_id: result.cluster_id,
        request_id: request.id.clone(),
        gathered_at: result.gathered_at,
        processed_at,
        hits: result.hits.clone(),
    })
}
