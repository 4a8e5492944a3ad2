//! Where services are reached: at AWS, in the partition of the region, or at an address of the user's.

use std::collections::BTreeMap;

use reqwest::Url;

use super::service::Service;
use crate::http::is_loopback;

/// Addresses that are not AWS's own.
#[derive(Clone, Debug, Default)]
pub struct Addressing {
    /// Of all services: moto, LocalStack.
    pub endpoint: Option<Url>,
    /// Of single ones, by [`Service::name`]; they win over `endpoint`.
    pub endpoints: BTreeMap<String, Url>,
}

/// The DNS name that a partition's services are below.
fn suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// The partition in ARNs of the region.
pub fn partition(region: &str) -> &'static str {
    match region {
        china if china.starts_with("cn-") => "aws-cn",
        government if government.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The region that signs for a service that is called from `region`: one that all regions share has a region of its own.
pub fn home<'r>(service: &Service, region: &'r str) -> &'r str {
    match partition(region) {
        _ if !service.is_global => region,
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

impl Addressing {
    /// The services that can have an address of their own.
    pub const SERVICES: &[&str] = &[
        Service::AUTO_SCALING.name,
        Service::CLOUDWATCH.name,
        Service::DYNAMODB.name,
        Service::EC2.name,
        Service::ECR.name,
        Service::ECS.name,
        Service::IAM.name,
        Service::LOGS.name,
        Service::RDS.name,
        Service::S3.name,
        Service::SECRETS_MANAGER.name,
        Service::SNS.name,
        Service::SQS.name,
        Service::STS.name,
    ];

    /// The address of a service in a region; `None` when they make no URL.
    pub fn url(&self, service: &Service, region: &str) -> Option<Url> {
        let own = self.endpoints.get(service.name).or(self.endpoint.as_ref());
        let text = match own {
            Some(url) => format!("{}/", url.as_str().trim_end_matches('/')),
            // China's is under its region all the same.
            None if service.is_global && partition(region) == "aws" => {
                format!("https://{}.{}/", service.host, suffix(region))
            }
            None if service.is_global && partition(region) == "aws-us-gov" => {
                format!("https://{}.us-gov.{}/", service.host, suffix(region))
            }
            None => format!("https://{}.{}.{}/", service.host, home(service, region), suffix(region)),
        };
        Url::parse(&text).ok()
    }

    /// Whether the common address is on this machine, where nothing takes long.
    pub fn is_local(&self) -> bool {
        self.endpoint.as_ref().is_some_and(is_loopback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_reached_in_its_region_and_partition() {
        for (region, url) in [
            ("eu-west-1", "https://sqs.eu-west-1.amazonaws.com/"),
            ("cn-north-1", "https://sqs.cn-north-1.amazonaws.com.cn/"),
        ] {
            assert_eq!(Addressing::default().url(&Service::SQS, region).unwrap().as_str(), url);
        }
        for (region, url, signed_in) in [
            ("eu-west-1", "https://iam.amazonaws.com/", "us-east-1"),
            ("cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
            ("us-gov-east-1", "https://iam.us-gov.amazonaws.com/", "us-gov-west-1"),
        ] {
            assert_eq!(Addressing::default().url(&Service::IAM, region).unwrap().as_str(), url);
            assert_eq!(home(&Service::IAM, region), signed_in);
        }
        assert_eq!((partition("us-gov-west-1"), partition("eu-west-1")), ("aws-us-gov", "aws"));
    }

    #[test]
    fn an_address_of_ones_own_wins_and_that_of_one_service_over_that_of_all() {
        let addressing = Addressing {
            endpoint: Url::parse("http://127.0.0.1:5000").ok(),
            endpoints: [("logs".to_owned(), Url::parse("https://logs.vpce.example.com/").unwrap())].into(),
        };
        assert_eq!(addressing.url(&Service::SQS, "eu-west-1").unwrap().as_str(), "http://127.0.0.1:5000/");
        assert_eq!(addressing.url(&Service::LOGS, "eu-west-1").unwrap().as_str(), "https://logs.vpce.example.com/");
    }
}
