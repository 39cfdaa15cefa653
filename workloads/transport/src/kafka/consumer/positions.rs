//! Conversion between positions and librdkafka's lists of partitions.

use rdkafka::Offset;
use rdkafka::topic_partition_list::{TopicPartitionList, TopicPartitionListElem};

use crate::Position;

pub(super) fn partitions_of(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(TopicPartitionListElem::partition).collect()
}

pub(super) fn partition_list(topic: &str, partitions: &[i32]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(topic, *partition);
    }
    list
}

pub(super) fn offset_list(topic: &str, positions: &[Position]) -> TopicPartitionList {
    let mut list = partition_list(topic, &[]);
    for position in positions {
        list.add_partition_offset(topic, position.partition, Offset::Offset(position.offset))
            .expect("an offset is representable when it comes from a record");
    }
    list
}
