//! Acceptance tests: a module per component kind, and one per concern that crosses them.

// All of this is test code, though only the listed functions carry the attribute.
#![allow(clippy::unwrap_used)]

mod cloud;
mod retainwise;
mod rig;
mod wire;

mod adoption;
mod alert_policy;
mod aws;
mod aws_ecs;
mod aws_iam;
mod bucket;
mod budget;
mod custom_role;
mod firestore_database;
mod job;
mod load_balancer;
mod notification_channel;
mod redis_instance;
mod registry;
mod schedule;
mod secret;
mod service;
mod service_account;
mod sql_instance;
mod topic;
mod vpc_connector;
mod vpc_network;
mod workload_identity_pool;

mod apis;
mod configuration_files;
mod consistency;
mod critical_path;
mod deletions;
mod drift;
mod environment;
mod examples;
mod faults;
mod guides;
mod iam;
mod import;
mod install;
mod interruption;
mod labels;
mod network;
mod phase_checkpoint;
mod phase_store;
mod plant_gateway;
mod problems;
mod project_iam;
mod project_policy;
mod promises;
mod provider;
mod references;
mod refusals;
mod rename;
mod reserved_names;
mod resume;
mod roles;
mod secrecy;
mod stack;
mod support;
mod written;
