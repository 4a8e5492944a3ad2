//! Buckets that consoles, services and tools make for themselves, told by the names that they give them.

/// How their names begin: with the account or the region behind.
const STARTS: [&str; 11] = [
    // Athena's console, for results: "Specify a query result location".
    "aws-athena-query-results-",
    // CloudTrail's console, for a new trail: "Creating a trail".
    "aws-cloudtrail-logs-",
    // Control Tower's account for logs: "How AWS Control Tower works with S3".
    "aws-controltower-logs-",
    "aws-controltower-s3-access-logs-",
    // Glue Studio, for scripts and temporary files: "Set up IAM permissions for AWS Glue".
    "aws-glue-assets-",
    "aws-glue-scripts-",
    "aws-glue-temporary-",
    // `sam deploy --resolve-s3`: "sam deploy" in SAM's guide.
    "aws-sam-cli-managed-default-",
    // CloudFormation's console, for templates: "Selecting a stack template".
    "cf-templates-",
    // Config's console, for its history: "Setting up AWS Config with the console".
    "config-bucket-",
    // Elastic Beanstalk, for versions of applications: "Using Elastic Beanstalk with Amazon S3".
    "elasticbeanstalk-",
];

/// Whether a bucket has the name of one that a tool or a service made.
pub(super) fn is_of_a_tool(name: &str) -> bool {
    // CDK's bootstrap: "Customize AWS CDK bootstrapping" has cdk-QUALIFIER-assets-ACCOUNT-REGION.
    let is_of_cdk = name.strip_prefix("cdk-").is_some_and(|rest| rest.contains("-assets-"));
    is_of_cdk || STARTS.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::aws::kinds::tests::kind;
    use crate::engine::scope::Scope;

    #[test]
    fn buckets_of_services_and_tools_are_left_out_until_somebody_tags_them() {
        let is_made = |name: &str, tags: serde_json::Value| {
            kind("buckets").is_made_by_cloud(&json!({"Name": name, "tags": tags}), &Scope::default())
        };
        for name in [
            "aws-cloudtrail-logs-123456789012-0a1b2c3d",
            "aws-glue-assets-123456789012-eu-west-1",
            "cdk-hnb659fds-assets-123456789012-eu-west-1",
            "cf-templates-1a2b3c4d5e6f-eu-west-1",
            "config-bucket-123456789012",
            "elasticbeanstalk-eu-west-1-123456789012",
        ] {
            assert!(is_made(name, json!({})), "{name}");
            assert!(!is_made(name, json!({"Team": "data"})), "{name}");
        }
        for name in ["churn-assets", "cdk-models", "my-aws-glue-assets", "config"] {
            assert!(!is_made(name, json!({})), "{name}");
        }
    }
}
