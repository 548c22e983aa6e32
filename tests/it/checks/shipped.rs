//! The shipped job files keep their word.

use std::path::Path;

use super::{folder, try_out};

#[tokio::test(flavor = "multi_thread")]
async fn every_shipped_job_file_has_checks_and_they_pass() {
    let folder = folder(Path::new("jobs"));
    let report = try_out(&folder).await;
    assert!(report.passed(), "{report}");
    for job in folder.jobs.values() {
        assert!(job.checks.len() >= 5, "{} has {} checks", job.job, job.checks.len());
    }
    assert!(!folder.segments.is_empty());
    for segment in folder.segments.values() {
        for member in [true, false] {
            let expected = segment.checks.iter().any(|check| check.expect.get("member") == Some(&member.into()));
            assert!(expected, "{}: no check expects {member}", segment.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_level_of_a_shipped_ladder_is_expected_by_some_check() {
    let folder = folder(Path::new("jobs"));
    for job in folder.jobs.values().filter(|job| job.kind == "retier") {
        let levels = tend::jobfile::file::levels_in(&job.text, tend::jobs::KINDS).unwrap();
        for level in levels {
            let expected = job.checks.iter().any(|check| check.expect.get("level") == Some(&level.as_str().into()));
            assert!(expected, "{}: no check expects {level}", job.job);
        }
    }
}
