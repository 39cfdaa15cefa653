//! The formats of values that both the configuration file and the `CcxPipeline` resource check, in one place.
//!
//! Patterns are regular expressions of the syntax that CEL and the crate `regex` share.

use regex::Regex;

/// The format of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Regular expression that the value matches.
    pub pattern: &'static str,
    /// Advice for a value that does not match: an imperative sentence without a full stop.
    pub advice: &'static str,
}

/// Topics that must differ from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DistinctTopic {
    /// Key in `[kafka.topics]` of the topic.
    pub topic: &'static str,
    /// Keys of the topics that it must differ from.
    pub others: &'static [&'static str],
    /// Advice for a conflict: an imperative sentence without a full stop.
    pub advice: &'static str,
}

/// Characters and length of a bucket's name.
pub const BUCKET: Format = Format {
    pattern: "^[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]$",
    advice: "write a bucket's name: 3 to 63 lower-case letters, digits, - and ., beginning and ending with one of the first two",
};

/// URL of an S3 service, with or without a path.
pub const ENDPOINT: Format = Format {
    pattern: r"^https?://([^/?#:@ ]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?([/?#].*)?$",
    advice: "write the service's URL, beginning with https:// or http://",
};

/// URL of an S3 service with a path or query, which it must not have.
pub const ENDPOINT_WITH_PATH: Format = Format {
    pattern: "^https?://[^/?#]+(/.|/?[?#])",
    advice: "remove path and query from the endpoint: the bucket has a field of its own",
};

/// URL of an HTTP service, without credentials, query and fragment.
pub const HTTP_URL: Format = Format {
    pattern: r"^https?://([^/?#:@ ]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[^?# ]*)?$",
    advice: "write a URL that begins with https:// or http://, without credentials and query",
};

/// Name of a region.
pub const REGION: Format =
    Format { pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", advice: "write a region such as us-east-1" };

/// Address of a broker; an IPv6 address is in brackets.
pub const BROKER: Format = Format {
    pattern: "^([^:/ \\[\\]]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]+$",
    advice: "write each broker as host:port",
};

/// End of an address with a port from 1 to 65535.
pub const PORT: Format = Format {
    pattern: ":([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
    advice: "choose ports from 1 to 65535",
};

/// Name of a Kafka topic, or nothing.
pub const TOPIC: Format =
    Format { pattern: "^[-._a-zA-Z0-9]*$", advice: "write the name of a topic: letters, digits, -, _ and ." };

/// Maximum length of the name of a Kafka topic, in characters, which are ASCII.
pub const MAX_TOPIC_LENGTH: u32 = 249;

/// Topics that must differ, so that no program consumes its own output or dead letters.
pub const DISTINCT_TOPICS: [DistinctTopic; 5] = [
    DistinctTopic {
        topic: "results",
        others: &["announce"],
        advice: "name another topic than announce: results are no announcements",
    },
    DistinctTopic {
        topic: "announce_dead_letters",
        others: &["announce", "results", "payload_status"],
        advice: "name a topic of its own: dead letters would be consumed again",
    },
    DistinctTopic {
        topic: "results_dead_letters",
        others: &["announce", "results", "payload_status"],
        advice: "name a topic of its own: dead letters would be consumed again",
    },
    DistinctTopic {
        topic: "payload_status",
        others: &["announce", "results"],
        advice: "name a topic of its own, or leave it empty: a payload status is neither an announcement nor a result",
    },
    DistinctTopic {
        topic: "workloads",
        others: &["announce", "results", "announce_dead_letters", "results_dead_letters"],
        advice: "name a topic of its own, or leave it empty: other consumers cannot parse workload recommendations",
    },
];

/// librdkafka properties that have their own key or must not be changed.
pub const RESERVED_PROPERTIES: [&str; 10] = [
    "bootstrap.servers",
    "metadata.broker.list",
    "group.id",
    "client.id",
    "security.protocol",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.username",
    "enable.auto.commit",
    "enable.auto.offset.store",
];

impl Format {
    /// Returns whether a value has this format.
    ///
    /// ```
    /// use ccx_config::formats::BUCKET;
    ///
    /// assert!(BUCKET.matches("insights-upload"));
    /// assert!(!BUCKET.matches("s3://insights-upload"));
    /// ```
    ///
    /// # Panics
    /// Never: a test compiles every pattern.
    pub fn matches(&self, value: &str) -> bool {
        Regex::new(self.pattern).expect("every pattern is tested").is_match(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_accept_valid_and_reject_invalid_values() {
        let cases: [(Format, &[&str], &[&str]); 7] = [
            (BUCKET, &["abc", "a.b-c1"], &["ab", "-abc", "Abc", "s3://bucket", "a/b"]),
            (
                ENDPOINT,
                &["https://s3.example.com", "http://minio:9000/", "http://[::1]:9000"],
                &["minio:9000", "ftp://a", "https://user:pw@host", "https://"],
            ),
            (
                ENDPOINT_WITH_PATH,
                &["https://a/bucket", "https://a?b", "https://a/?b"],
                &["https://a", "https://a/"],
            ),
            (REGION, &["us-east-1"], &["US", "-a", ""]),
            (
                BROKER,
                &["kafka:9092", "[fd00::10]:9092"],
                &["kafka", "http://kafka:9092", ":1", "fd00::10:9092", "[]:1"],
            ),
            (PORT, &["a:1", "a:65535"], &["a:0", "a:65536", "a:099"]),
            (TOPIC, &["", "a.b_c-1"], &["a b", "ä", "a/b"]),
        ];
        for (format, valid, invalid) in cases {
            for value in valid {
                assert!(format.matches(value), "{value} {format:?}");
            }
            for value in invalid {
                assert!(!format.matches(value), "{value} {format:?}");
            }
        }
    }
}
