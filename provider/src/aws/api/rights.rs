//! What IAM calls the right to make a call: the call's name, but for S3, whose rights are older than its calls' names.

/// The right that a call needs, without the service.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>
pub(super) fn of_call(action: &str) -> &str {
    match action {
        "GetBucketEncryption" => "GetEncryptionConfiguration",
        "PutBucketEncryption" | "DeleteBucketEncryption" => "PutEncryptionConfiguration",
        "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => "PutLifecycleConfiguration",
        "GetPublicAccessBlock" => "GetBucketPublicAccessBlock",
        "PutPublicAccessBlock" | "DeletePublicAccessBlock" => "PutBucketPublicAccessBlock",
        "GetBucketCors" => "GetBucketCORS",
        "PutBucketCors" | "DeleteBucketCors" => "PutBucketCORS",
        "DeleteBucketTagging" => "PutBucketTagging",
        "ListBuckets" => "ListAllMyBuckets",
        "HeadBucket" | "ListObjectsV2" => "ListBucket",
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use super::of_call;

    #[test]
    fn rights_of_s3_have_names_of_their_own() {
        for (call, right) in [
            ("DeleteBucketEncryption", "PutEncryptionConfiguration"),
            ("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
            ("CreateQueue", "CreateQueue"),
        ] {
            assert_eq!(of_call(call), right);
        }
    }
}
