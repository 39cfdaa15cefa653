//! Kafka and S3: consumer, producer, offsets, download.
