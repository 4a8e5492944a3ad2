//! The services, each with the protocol that it speaks.

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// What permissions and `endpoints` call it: `sqs`.
    pub name: &'static str,
    /// What signatures call it.
    pub signed_as: &'static str,
    /// The first part of its DNS name.
    pub host: &'static str,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Whether there is one for all regions of a partition.
    pub is_global: bool,
}

/// How calls and answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON both ways; a header names the action.
    Json {
        /// The version in the content type: `1.0` or `1.1`.
        version: &'static str,
        /// What stands before the action in the header.
        target: &'static str,
    },
    /// A form, answered with XML.
    Query {
        /// The version of the API.
        version: &'static str,
        /// What stands before the number of a list's item: `member.`, or nothing.
        item: &'static str,
    },
    /// Paths and methods, with XML both ways.
    RestXml,
}

impl Service {
    /// Alarms of CloudWatch.
    pub const CLOUDWATCH: Self = Self {
        signed_as: "monitoring",
        host: "monitoring",
        ..Self::json("cloudwatch", "1.0", "GraniteServiceVersion20100801")
    };
    /// Tables of DynamoDB.
    pub const DYNAMODB: Self = Self::json("dynamodb", "1.0", "DynamoDB_20120810");
    /// Repositories of ECR.
    pub const ECR: Self = Self { host: "api.ecr", ..Self::json("ecr", "1.1", "AmazonEC2ContainerRegistry_V20150921") };
    /// Networks: security groups, endpoints.
    pub const EC2: Self = Self::plain_query("ec2", "2016-11-15");
    /// What scales services of others.
    pub const AUTO_SCALING: Self = Self::json("application-autoscaling", "1.1", "AnyScaleFrontendService");
    /// Clusters and services of ECS.
    pub const ECS: Self = Self::json("ecs", "1.1", "AmazonEC2ContainerServiceV20141113");
    /// Load balancers and target groups.
    pub const ELB: Self = Self::query("elasticloadbalancing", "2015-12-01");
    /// Users, roles and policies.
    pub const IAM: Self = Self { is_global: true, ..Self::query("iam", "2010-05-08") };
    /// CloudWatch Logs.
    pub const LOGS: Self = Self::json("logs", "1.1", "Logs_20140328");
    /// Databases of RDS.
    pub const RDS: Self = Self::plain_query("rds", "2014-10-31");
    /// Buckets of S3.
    pub const S3: Self =
        Self { name: "s3", signed_as: "s3", host: "s3", protocol: Protocol::RestXml, is_global: false };
    /// Secrets of Secrets Manager.
    pub const SECRETS_MANAGER: Self = Self::json("secretsmanager", "1.1", "secretsmanager");
    /// Topics of SNS.
    pub const SNS: Self = Self::query("sns", "2010-03-31");
    /// Queues of SQS.
    pub const SQS: Self = Self::json("sqs", "1.0", "AmazonSQS");
    /// The tags of objects of all services.
    pub const TAGGING: Self =
        Self { signed_as: "tagging", host: "tagging", ..Self::json("tag", "1.1", "ResourceGroupsTaggingAPI_20170126") };
    /// Who one is, and roles to assume.
    pub const STS: Self = Self::query("sts", "2011-06-15");

    const fn json(name: &'static str, version: &'static str, target: &'static str) -> Self {
        Self { name, signed_as: name, host: name, protocol: Protocol::Json { version, target }, is_global: false }
    }

    const fn query(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            signed_as: name,
            host: name,
            protocol: Protocol::Query { version, item: "member." },
            is_global: false,
        }
    }

    /// The query protocol of services that number the items of a list directly.
    const fn plain_query(name: &'static str, version: &'static str) -> Self {
        Self { name, signed_as: name, host: name, protocol: Protocol::Query { version, item: "" }, is_global: false }
    }
}
