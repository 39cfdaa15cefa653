//! Samples are archives that the pipeline can read, of the sizes that they promise.

use ccx_archive::{Archive, ArchiveKind, Limits};
use ccx_messages::ClusterId;
use ccx_sample_archive::SampleArchive;

const CLUSTER: &str = "5d5892d3-1f74-4ccf-91af-548dfc9767aa";

fn cluster_id() -> ClusterId {
    CLUSTER.parse().expect("a UUID")
}

fn read(sample: &SampleArchive) -> Archive {
    Archive::read(sample.to_tar_gz().into(), &Limits::default()).expect("a sample is an archive")
}

#[test]
fn a_sample_is_read_back_file_by_file() {
    let sample = SampleArchive::new(cluster_id());
    let archive = read(&sample);
    let read: Vec<_> = archive.files().map(|file| (file.path.to_owned(), file.content.to_vec())).collect();
    let made: Vec<_> = sample.files().into_iter().collect();
    assert!(read == made);
    assert_eq!(archive.skipped(), ccx_archive::Skipped::default());
}

#[test]
fn a_sample_says_whose_and_when_it_is() {
    let sample = SampleArchive::new(cluster_id());
    let archive = read(&sample);
    assert_eq!(archive.cluster_id(), Some(cluster_id()));
    assert_eq!(archive.kind(), ArchiveKind::HyperShift);
    assert_eq!(archive.newest_modification(), Some(sample.gathered_at));
}

#[test]
fn sizes_are_as_documented() {
    type Make = fn(ClusterId) -> SampleArchive;
    let documented: [(Make, u64); 3] =
        [(SampleArchive::small, 1_400_000), (SampleArchive::medium, 6_300_000), (SampleArchive::large, 25_000_000)];
    for (make, bytes) in documented {
        let unpacked = read(&make(cluster_id())).unpacked_bytes();
        assert!(unpacked.abs_diff(bytes) < bytes / 20, "{unpacked} bytes instead of about {bytes}");
    }
}
