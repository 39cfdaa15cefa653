//! Remote gathering rules: what clusters gather in addition, by conditions such as a firing alert.
//!
//! A directory has the layout of the original's build: `v1/rules.json` for old releases, `v2/cluster_version_mapping.json` with
//! the first release of each file in `v2/remote_configurations/`. All of it may be in `stable/` and, for some clusters, `canary/`.

mod format;
mod load;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::http::{HeaderMap, header};
use ccx_service::{error_chain, run_periodically};
use semver::Version;
use sha2::{Digest as _, Sha256};
use snafu::Snafu;
use tokio_util::sync::CancellationToken;

pub use load::GatheringRulesError;

use load::{RuleSet, read};

/// How often the directory is read again.
const RELOAD_INTERVAL: Duration = Duration::from_secs(10);

/// The gathering rules in use.
#[derive(Debug)]
pub struct GatheringRules {
    directory: Option<PathBuf>,
    canary_percent: u8,
    current: RwLock<Arc<RuleSet>>,
}

/// The rules that a cluster gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Stable,
    Canary,
}

/// The rules of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChannelRules {
    /// The JSON for releases that don't know version 2.
    conditional_rules: String,
    /// The first release of each configuration, in ascending order.
    configurations: Vec<(Version, RemoteConfiguration)>,
}

/// A remote configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteConfiguration {
    pub(crate) version: String,
    pub(crate) json: String,
}

/// There is no configuration for a release.
#[derive(Debug, Snafu, PartialEq, Eq)]
pub(crate) enum VersionError {
    /// The release is not a version.
    #[snafu(display("Error during parsing param 'ocpVersion' with value '{version}'. Error: '{reason}'"))]
    Invalid { version: String, reason: String },
    /// The release is older than any configuration.
    #[snafu(display("no remote configuration for release {version}: the first is for {first}"))]
    TooOld { version: Version, first: Version },
}

impl GatheringRules {
    /// Loads the rules in `directory`, or the built-in ones; `canary_percent` of the clusters get those in `canary`.
    pub fn load(directory: Option<&Path>, canary_percent: u8) -> Result<Self, GatheringRulesError> {
        let current = RwLock::new(Arc::new(read(directory)?));
        Ok(Self { directory: directory.map(Path::to_owned), canary_percent, current })
    }

    /// Returns the version of the stable configuration for the newest release.
    pub fn version(&self) -> String {
        let current = self.current();
        current.stable.configurations.last().map(|(_, found)| found.version.clone()).unwrap_or_default()
    }

    /// Returns the channel of the cluster in the `User-Agent`: a cluster stays in its channel.
    pub(crate) fn channel(&self, headers: &HeaderMap) -> Channel {
        let agent =
            headers.get(header::USER_AGENT).map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
        let cluster = String::from_utf8_lossy(agent);
        let cluster = cluster.split_once("cluster/").map(|(_, rest)| rest.split([' ', ',']).next());
        let Some(cluster) = cluster.flatten() else { return Channel::Stable };
        let digest = Sha256::digest(cluster);
        let share = u16::from_be_bytes([digest[0], digest[1]]) % 100;
        let is_canary = self.current().canary.is_some() && share < u16::from(self.canary_percent);
        if is_canary { Channel::Canary } else { Channel::Stable }
    }

    /// Returns the rules in use.
    pub(crate) fn current(&self) -> Arc<RuleSet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the directory again whenever it changes, until `shutdown`.
    pub(crate) async fn follow(self: Arc<Self>, shutdown: &CancellationToken) {
        if self.directory.is_none() {
            return shutdown.cancelled().await;
        }
        run_periodically(RELOAD_INTERVAL, shutdown, move || self.reload()).await;
    }

    fn reload(&self) {
        match read(self.directory.as_deref()) {
            Ok(rules) if rules == *self.current() => {}
            Ok(rules) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
                tracing::info!(version = self.version(), "gathering rules reloaded");
            }
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(error, "reload of the gathering rules rejected, keeping the previous set");
            }
        }
    }
}

impl Channel {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Canary => "canary",
        }
    }
}

impl RuleSet {
    /// Returns the JSON for releases that don't know version 2.
    pub(crate) fn conditional_rules(&self, channel: Channel) -> &str {
        &self.rules_of(channel).conditional_rules
    }

    /// Returns the configuration for a release: that of the newest first release up to it.
    pub(crate) fn remote_configuration(
        &self,
        channel: Channel,
        version: &str,
    ) -> Result<&RemoteConfiguration, VersionError> {
        let configurations = &self.rules_of(channel).configurations;
        let release = Version::parse(version).map_err(|error| VersionError::Invalid {
            version: version.chars().take(100).collect(),
            reason: error.to_string(),
        })?;
        let is_up_to = |(first, _): &&(Version, RemoteConfiguration)| first.cmp_precedence(&release).is_le();
        let found = configurations.iter().take_while(is_up_to).last();
        found.map(|(_, configuration)| configuration).ok_or_else(|| VersionError::TooOld {
            first: configurations.first().map_or_else(|| release.clone(), |(first, _)| first.clone()),
            version: release.clone(),
        })
    }

    fn rules_of(&self, channel: Channel) -> &ChannelRules {
        match (channel, &self.canary) {
            (Channel::Canary, Some(canary)) => canary,
            _ => &self.stable,
        }
    }
}

#[cfg(test)]
mod tests;
