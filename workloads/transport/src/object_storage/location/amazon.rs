//! The names under which Amazon serves S3.
//!
//! They are, from the right: `amazonaws.com` or, in China, `amazonaws.com.cn`; a region; `dualstack`; one of the services'
//! names, which in old links has the region in it (`s3-eu-west-1`); and the bucket, which may have dots, unless it is in the
//! path. Everything else under `amazonaws.com` is a server of a customer.
//!
//! Source: "Amazon Simple Storage Service endpoints and quotas" in the AWS General Reference.

/// The labels of services that serve objects: buckets, access points, the accelerated and the certified endpoints.
const SERVICES: [&str; 6] =
    ["s3", "s3-fips", "s3-accelerate", "s3-accesspoint", "s3-accesspoint-fips", "s3-external-1"];

/// Whether the host is S3's, or a bucket of S3.
pub(super) fn is_s3(host: &str) -> bool {
    let Some(labels) = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))
    else {
        return false;
    };
    let mut labels: Vec<&str> = labels.split('.').collect();
    let has_region = labels.pop_if(|label| is_region(label)).is_some();
    labels.pop_if(|label| *label == "dualstack");
    let service = labels.pop().unwrap_or_default();
    let is_service = SERVICES.contains(&service) || (!has_region && is_service_with_region(service));
    is_service && labels.iter().all(|label| !label.is_empty())
}

/// `s3-eu-west-1` and `s3-fips-us-gov-west-1`.
fn is_service_with_region(label: &str) -> bool {
    let Some(region) = label.strip_prefix("s3-") else { return false };
    is_region(region.strip_prefix("fips-").unwrap_or(region))
}

/// `eu-west-1`, `us-gov-east-1`, `ap-southeast-5`: two letters, words, and a number.
fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    let [area, words @ .., number] = parts.as_slice() else { return false };
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    area.len() == 2 && is_word(area) && !words.is_empty() && words.iter().all(is_word) && is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_s3_is_recognised() {
        let hosts = [
            "bucket.s3.amazonaws.com",
            "bucket.s3.eu-west-1.amazonaws.com",
            "bucket.with.dots.s3.us-east-1.amazonaws.com",
            "bucket.s3.dualstack.ap-southeast-2.amazonaws.com",
            "bucket.s3-fips.us-gov-west-1.amazonaws.com",
            "bucket.s3-fips.dualstack.us-gov-east-1.amazonaws.com",
            "bucket.s3-eu-central-1.amazonaws.com",
            "bucket.s3-fips-us-gov-west-1.amazonaws.com",
            "bucket.s3-accelerate.amazonaws.com",
            "bucket.s3-accelerate.dualstack.amazonaws.com",
            "bucket.s3.cn-north-1.amazonaws.com.cn",
            "point-123456789012.s3-accesspoint.us-west-2.amazonaws.com",
            "s3.amazonaws.com",
            "s3.us-east-2.amazonaws.com",
            "s3.dualstack.us-east-2.amazonaws.com",
            "s3-us-west-2.amazonaws.com",
            "s3.cn-northwest-1.amazonaws.com.cn",
        ];
        for host in hosts {
            assert!(is_s3(host), "{host}");
        }
    }

    #[test]
    fn name_of_another_service_is_not_recognised() {
        let hosts = [
            "amazonaws.com",
            "s3.amazonaws.com.evil.example",
            "s3.amazonaws.evil",
            "evils3.amazonaws.com",
            "bucket.evil-s3.amazonaws.com",
            "ec2-1-2-3-4.compute-1.amazonaws.com",
            "s3-evil-123456.us-east-1.elb.amazonaws.com",
            "s3.us-east-1.elb.amazonaws.com",
            "abc.execute-api.us-east-1.amazonaws.com",
            "s3.abc.execute-api.us-east-1.amazonaws.com",
            "bucket.s3-website.us-east-1.amazonaws.com",
            "bucket.s3-website-us-east-1.amazonaws.com",
            "us-east-1.amazonaws.com",
            "..s3.amazonaws.com",
            ".s3.amazonaws.com",
            "bucket.s3.us-east-1.s3.evil.amazonaws.com",
        ];
        for host in hosts {
            assert!(!is_s3(host), "{host}");
        }
    }
}
