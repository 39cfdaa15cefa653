//! `[ingress]`

use std::{
    collections::BTreeMap,
    net::{Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Problem, formats::HTTP_URL, size};

/// Longest validity of a presigned link, as S3 allows.
const MAX_LINK_VALIDITY: Duration = Duration::from_hours(7 * 24);

/// Uploads of archives, and the remote gathering rules that clusters read. Archives go to `object_storage.bucket`, and are
/// announced on `kafka.topics.announce`; `auth` decides who may upload.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ingress {
    /// Address and port of uploads. `[::]` listens on IPv4 and IPv6.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// Address and port of metrics and health; absent means those of uploads.
    #[schemars(with = "Option<String>")]
    pub health_listen: Option<SocketAddr>,
    /// The services whose archives are accepted; a content type `application/vnd.redhat.<service>.<category>` names one.
    pub services: Vec<String>,
    /// Maximum size of an archive. What the pipeline reads is bounded by `archive.max_compressed`.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_upload: ByteSize,
    /// Maximum size of an archive of the services that differ from `max_upload`.
    #[schemars(with = "BTreeMap<String, String>")]
    #[serde(serialize_with = "size::exact_values")]
    pub max_upload_by_service: BTreeMap<String, ByteSize>,
    /// The organisations that may not upload.
    pub denied_organizations: Vec<u32>,
    /// Maximum number of uploads at a time; each takes up to 16 MiB of memory. Others wait.
    pub max_concurrent_uploads: usize,
    /// Time without a byte of an upload after which it is abandoned.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub idle_timeout: Duration,
    /// Time limit of an upload.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub upload_timeout: Duration,
    /// Validity of the presigned links that are announced.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub link_validity: Duration,
    /// URL of the payload tracker's requests, as in `http://payload-tracker:8080/app/payload-tracker/api/v1/payloads`; absent means
    /// that `track` answers from the last statuses of this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_tracker_url: Option<String>,
    /// Directory of remote gathering rules; absent means the built-in ones. Read again when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gathering_rules: Option<PathBuf>,
    /// Percentage of clusters that get the rules in `canary` of that directory; the others get those in `stable`.
    pub canary_percent: u8,
    /// Time for uploads in flight to finish after the signal to stop.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub shutdown_timeout: Duration,
}

impl Default for Ingress {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 3000)),
            health_listen: None,
            services: vec!["openshift".into()],
            max_upload: ByteSize::mib(100),
            max_upload_by_service: BTreeMap::new(),
            denied_organizations: Vec::new(),
            max_concurrent_uploads: 16,
            idle_timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_mins(5),
            link_validity: Duration::from_hours(24),
            payload_tracker_url: None,
            gathering_rules: None,
            canary_percent: 0,
            shutdown_timeout: Duration::from_secs(25),
        }
    }
}

impl Ingress {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        let is_name = |name: &String| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        let known_sizes = self.max_upload_by_service.keys();
        let checks = [
            ("services", !self.services.is_empty(), "is empty; name at least one service"),
            (
                "services",
                self.services.iter().all(is_name),
                "must consist of names of lower-case letters, digits and -",
            ),
            (
                "max_upload_by_service",
                known_sizes.clone().all(|name| self.services.contains(name)),
                "names a service that is not in ingress.services",
            ),
            ("max_upload", self.max_upload.as_u64() > 0, "is 0; no archive is that small"),
            ("max_concurrent_uploads", self.max_concurrent_uploads > 0, "is 0; at least 1 is needed"),
            (
                "link_validity",
                !self.link_validity.is_zero() && self.link_validity <= MAX_LINK_VALIDITY,
                "must be more than 0 and at most 7days, as S3 allows",
            ),
            ("canary_percent", self.canary_percent <= 100, "is more than 100"),
            (
                "payload_tracker_url",
                self.payload_tracker_url.as_ref().is_none_or(|url| HTTP_URL.matches(url)),
                HTTP_URL.advice,
            ),
        ];
        for (key, is_valid, reason) in checks {
            if !is_valid {
                problems.push(Problem::new(format!("ingress.{key}"), reason));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(change: impl FnOnce(&mut Ingress)) -> Vec<String> {
        let mut ingress = Ingress::default();
        change(&mut ingress);
        let mut problems = Vec::new();
        ingress.check(&mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn default_has_no_problem_and_each_invalid_value_has_one() {
        assert_eq!(problems(|_| ()), [""; 0]);
        let changes: [fn(&mut Ingress); 8] = [
            |ingress| ingress.services = Vec::new(),
            |ingress| ingress.services = vec!["Open Shift".into()],
            |ingress| ingress.max_upload_by_service = [("qpc".into(), ByteSize::mib(150))].into(),
            |ingress| ingress.max_upload = ByteSize(0),
            |ingress| ingress.max_concurrent_uploads = 0,
            |ingress| ingress.link_validity = Duration::from_hours(200),
            |ingress| ingress.canary_percent = 101,
            |ingress| ingress.payload_tracker_url = Some("tracker".into()),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            assert_eq!(problems(change).len(), 1, "{number}");
        }
    }
}
