//! Kafka, S3 and PostgreSQL for one machine: what `ccx local` and the tests run on.
