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
fn sample_is_read_back_file_by_file() {
    let sample = SampleArchive::new(cluster_id());
    let archive = read(&sample);
    let read: Vec<_> = archive.files().map(|file| (file.path.to_owned(), file.content.to_vec())).collect();
    let made: Vec<_> = sample.files().into_iter().collect();
    assert!(read == made);
    assert_eq!(archive.skipped(), ccx_archive::Skipped::default());
}

#[test]
fn sample_has_cluster_id_and_time() {
    let sample = SampleArchive::new(cluster_id());
    let archive = read(&sample);
    assert_eq!(archive.cluster_id(), Some(cluster_id()));
    assert_eq!(archive.kind(), ArchiveKind::HyperShift);
    assert_eq!(archive.newest_modification(), Some(sample.gathered_at));
}

#[test]
fn sizes_are_as_documented() {
    type Make = fn(ClusterId) -> SampleArchive;
    let documented: [(Make, u64); 3] = [
        (SampleArchive::small, 1_400_000),
        (SampleArchive::medium, 6_300_000),
        (SampleArchive::large, 25_000_000),
    ];
    for (make, bytes) in documented {
        let unpacked = read(&make(cluster_id())).unpacked_bytes();
        assert!(unpacked.abs_diff(bytes) < bytes / 20, "{unpacked} bytes instead of about {bytes}");
    }
}

#[test]
fn equal_numbers_give_equal_bytes() {
    let sample = SampleArchive::new(cluster_id());
    assert!(sample.to_tar_gz() == sample.clone().to_tar_gz());
}

#[test]
fn seed_and_cluster_vary_the_content() {
    let sample = SampleArchive::new(cluster_id());
    let other_seed = SampleArchive { seed: 1, ..sample.clone() };
    let other_cluster = SampleArchive { cluster_id: ClusterId::random(), ..sample.clone() };
    assert!(sample.files() != other_seed.files());
    assert!(sample.files() != other_cluster.files());
}

#[test]
fn logs_have_the_requested_size() {
    let with_logs =
        |logs_mib| read(&SampleArchive { logs_mib, ..SampleArchive::new(cluster_id()) }).unpacked_bytes();
    let added = with_logs(3) - with_logs(0);
    assert!(added.abs_diff(3 << 20) < 50_000, "{added}");
}

#[test]
fn more_nodes_leave_the_pods_unchanged() {
    let names = |nodes| {
        let files = SampleArchive { nodes, ..SampleArchive::new(cluster_id()) }.files();
        files.into_keys().filter(|path| path.starts_with("config/pod/openshift-dns/")).collect::<Vec<_>>()
    };
    assert_eq!(names(6), names(12));
}

#[test]
fn json_files_of_any_sample_are_valid_json() {
    let files =
        SampleArchive { faults: ccx_sample_archive::Fault::ALL.to_vec(), ..SampleArchive::new(cluster_id()) }
            .files();
    for (path, content) in files.iter().filter(|(path, _)| path.rsplit('.').next() == Some("json")) {
        assert!(serde_json::from_slice::<serde_json::Value>(content).is_ok(), "{path}");
    }
}
