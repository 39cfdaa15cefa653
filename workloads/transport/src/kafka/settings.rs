//! From our settings to librdkafka's properties.
