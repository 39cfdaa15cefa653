//! The version and the connections of the managed PostgreSQL.

use ccx_crds::{AggregatorScaling, CcxPipeline, CcxPipelineSpec};

/// Connections beside those of the pools: the session of the writer with its lock, and three that PostgreSQL
/// reserves.
const FURTHER_CONNECTIONS: u32 = 4;

/// The writer, and the migration.
const ALWAYS_PODS: u32 = 2;

/// The majors that a tag may name; other numbers are versions of something else.
const MAJORS: std::ops::RangeInclusive<i32> = 10..=40;

/// The oldest major that the schema works with.
const OLDEST: i32 = 15;

/// Returns why the image can't be used, if its tag names a major version that is too old, or another one than that
/// which has initialized the data.
pub(super) fn mismatch(pipeline: &CcxPipeline, image: &str) -> Option<String> {
    let wanted = major(image)?;
    let status = pipeline.status.as_ref();
    let initialized = status.and_then(|status| status.schema_version.as_ref()?.postgresql);
    let Some(initialized) = initialized else {
        return (wanted < OLDEST).then(|| {
            format!(
                "{image} is PostgreSQL {wanted}, and {OLDEST} or newer is needed; set spec.database.managed.image to an image \
                 of PostgreSQL {OLDEST} or newer"
            )
        });
    };
    (wanted != initialized).then(|| format!(
        "the data of the managed database was initialized by PostgreSQL {initialized}, which {image} of PostgreSQL {wanted} can't \
         read; set spec.database.managed.image to an image of PostgreSQL {initialized}, or dump the database and restore it into a \
         new resource"
    ))
}

/// Returns the major version in the tag of an image.
fn major(image: &str) -> Option<i32> {
    let without_digest = image.split('@').next()?;
    let (_, tag) = without_digest.rsplit('/').next()?.split_once(':')?;
    let digits: String = tag.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|major| MAJORS.contains(major))
}

/// Returns the number of connections that all pods together may open. A rollout of an API adds a pod.
pub(super) fn connections(spec: &CcxPipelineSpec) -> u32 {
    let aggregator = &spec.aggregator;
    let aggregators = match aggregator.autoscaling.kind {
        AggregatorScaling::None => aggregator.replicas,
        AggregatorScaling::Cpu => aggregator.autoscaling.max_replicas,
    };
    let apis = [Some(aggregators), spec.public_api.as_ref().map(|api| api.replicas)];
    let requests = spec.requests_writer.as_ref().filter(|writer| writer.valkey.is_none());
    let others = [
        spec.workloads_writer.as_ref().map(|writer| writer.replicas),
        requests.map(|writer| writer.replicas),
        spec.cleaner.as_ref().map(|_| 1),
    ];
    let apis = apis.into_iter().flatten().map(|pods| pods + 1);
    let pods: u32 = apis.chain(others.into_iter().flatten()).sum::<u32>() + ALWAYS_PODS;
    pods * spec.database.connection.max_connections_per_pod + FURTHER_CONNECTIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_that_is_too_old_or_of_another_version_than_the_data_is_a_mismatch() {
        let mut pipeline = CcxPipeline::new("ccx", CcxPipelineSpec::default());
        let told = mismatch(&pipeline, "postgres:12").unwrap();
        assert!(told.starts_with("postgres:12 is PostgreSQL 12, and 15 or newer is needed"), "{told}");
        assert_eq!(
            ["postgres:15", "postgres:17-alpine", "postgres:latest"].map(|it| mismatch(&pipeline, it)),
            [None, None, None]
        );
        pipeline.status = serde_json::from_value(
            serde_json::json!({"schemaVersion": {"public": 1, "dvo": 1, "postgresql": 17, "job": "a"}}),
        )
        .unwrap();
        assert!(mismatch(&pipeline, "postgres:16").unwrap().contains("initialized by PostgreSQL 17"));
        assert_eq!(mismatch(&pipeline, "postgres:17"), None);
    }

    #[test]
    fn major_version_is_that_of_the_tag() {
        let images = [
            "postgres:17-alpine",
            "registry:5000/library/postgres:16.4@sha256:ab",
            "[fd00::1]:5000/postgres:15",
        ];
        assert_eq!(images.map(major), [Some(17), Some(16), Some(15)]);
        assert_eq!(
            ["postgres", "postgres@sha256:ab", "db:1.2.3", "db:20260101", "db:latest"].map(major),
            [None; 5]
        );
    }
}
