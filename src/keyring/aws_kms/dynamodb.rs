//! The table of the branch keys in Amazon DynamoDB.
//!
//! Source: `framework/branch-key-store.md`, "DynamoDB Table".

use std::sync::Arc;

use aws_config::Region;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem};
use tokio::sync::OnceCell;

use super::super::ServiceStats;
use super::super::guard::{Call, CallLog, Guard, GuardOptions, Service, unless_it_panics};
use super::KmsOptions;
use super::calls::{Attempts, logged};
use super::clients::KmsClients;
use super::credentials::SharedCredentials;
use super::dynamodb_error::refused;
use super::dynamodb_items::{Attributes, from_item, to_item};
use super::dynamodb_send::send;
use super::settings::check_endpoint_option;
use crate::branch_keys::attribute::{ENC, ID, TYPE};
use crate::branch_keys::{Answer, Condition, Item, Put, Storage};
use crate::error::{Code, Error, Result};

/// The most actions of one transaction.
const MAX_ACTIONS: usize = 100;

/// The items of one page of an answer, and the last item that was looked at, if there are more.
pub(super) type Page = (Vec<Attributes>, Option<Attributes>);

/// A table with the items of branch keys.
pub(super) struct Table {
    pub(super) name: String,
    endpoint: Option<String>,
    clients: Arc<KmsClients>,
    guard: Guard,
    connection: OnceCell<Connection>,
}

struct Connection {
    client: Client,
    region: String,
    credentials: SharedCredentials,
}

impl Table {
    /// Nothing is called yet; credentials and connections are those of `clients`.
    pub(super) fn new(
        name: String,
        endpoint: Option<String>,
        clients: Arc<KmsClients>,
        options: KmsOptions,
    ) -> Result<Self> {
        if let Some(endpoint) = &endpoint {
            check_endpoint_option(endpoint)?;
        }
        let KmsOptions { timeout, flight, breaker, .. } = options;
        let guard = Guard::new(GuardOptions { timeout, flight, breaker });
        Ok(Self { name, endpoint, clients, guard, connection: OnceCell::new() })
    }

    /// What DynamoDB was asked.
    pub(super) fn stats(&self) -> ServiceStats {
        self.guard.stats()
    }

    async fn connection(&self) -> Result<&Connection> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        let connect = || async {
            let region = self.clients.default_region().await?.to_owned();
            let (shared, credentials) = self.clients.shared(&region).await;
            let place = format!("{region} {}", self.endpoint.as_deref().unwrap_or_default());
            let mut config = aws_sdk_dynamodb::config::Builder::from(shared)
                .region(Region::new(region.clone()))
                .use_fips(self.clients.table_fips() && self.endpoint.is_none())
                .retry_partition(RetryPartition::new(place))
                .interceptor(Attempts);
            if let Some(endpoint) = &self.endpoint {
                config = config.endpoint_url(endpoint);
            }
            let client = Client::from_conf(config.build());
            Ok(Connection { client, region, credentials: credentials.clone() })
        };
        // What is done once, and is large, is no part of the future of each call.
        Box::pin(self.connection.get_or_try_init(connect)).await
    }

    /// Makes one call, as the guard lets it; `answer` is given what counts its attempts.
    pub(super) async fn call<T, A: Future<Output = Result<T>>>(
        &self,
        operation: &'static str,
        answer: impl FnOnce(Client, Arc<CallLog>) -> A,
    ) -> Result<T> {
        let connection = self.connection().await?;
        let log = Arc::new(CallLog::new(Call {
            service: Service::KeyStore,
            operation,
            key_id: Some(self.name.clone()),
            region: Some(connection.region.clone()),
        }));
        // Credentials have a timeout of their own, and their failure is not one of the key's service.
        let ready = connection.credentials.ready();
        if let Err(error) = unless_it_panics("getting AWS credentials", ready).await {
            return self.guard.run(&log, async { Err(error) }).await;
        }
        self.guard.run(&log, answer(connection.client.clone(), Arc::clone(&log))).await
    }

    async fn get_item(
        &self,
        branch_key_id: &str,
        kind: &str,
        consistently: bool,
    ) -> Result<Option<Item>> {
        self.call("GetItem", async |client: Client, log: Arc<CallLog>| {
            let request = client
                .get_item()
                .table_name(&self.name)
                .key(ID, AttributeValue::S(branch_key_id.to_owned()))
                .key(TYPE, AttributeValue::S(kind.to_owned()))
                .set_consistent_read(consistently.then_some(true));
            let answer = send!(log, request)?;
            Ok(answer.item.map(to_item))
        })
        .await
    }

    /// `false` if a condition does not hold.
    async fn transact(&self, actions: Vec<TransactWriteItem>) -> Result<bool> {
        self.call("TransactWriteItems", async |client: Client, log: Arc<CallLog>| {
            let request = client.transact_write_items().set_transact_items(Some(actions));
            match logged(&log, request.send()).await {
                Ok(answer) => {
                    log.set_request_id(answer.request_id());
                    Ok(true)
                }
                Err(error) => {
                    if let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
                        error.as_service_error()
                    {
                        log.set_request_id(error.request_id());
                        let reasons = canceled.cancellation_reasons();
                        return cancelled(&log, reasons.iter().filter_map(|reason| reason.code()));
                    }
                    Err(refused(log.call(), error))
                }
            }
        })
        .await
    }

    async fn query(&self, branch_key_id: &str) -> Result<Vec<Item>> {
        let items = self.pages(|start| self.query_page(branch_key_id, start)).await?;
        Ok(items.into_iter().map(to_item).collect())
    }

    async fn query_page(&self, branch_key_id: &str, start: Option<Attributes>) -> Result<Page> {
        self.call("Query", async |client: Client, log: Arc<CallLog>| {
            let request = client
                .query()
                .table_name(&self.name)
                .key_condition_expression("#id = :id")
                .expression_attribute_names("#id", ID)
                .expression_attribute_values(":id", AttributeValue::S(branch_key_id.to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(start);
            let answer = send!(log, request)?;
            Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
        })
        .await
    }

    /// Reads the pages of an answer, each from where the one before it ended, and returns their items.
    pub(super) async fn pages<A: Future<Output = Result<Page>>>(
        &self,
        read: impl Fn(Option<Attributes>) -> A,
    ) -> Result<Vec<Attributes>> {
        let (mut items, mut next) = read(None).await?;
        while let Some(start) = next {
            let (page, after) = read(Some(start)).await?;
            items.extend(page);
            next = after;
        }
        Ok(items)
    }
}

impl Storage for Table {
    fn get<'a>(
        &'a self,
        branch_key_id: &'a str,
        kind: &'a str,
        consistently: bool,
    ) -> Answer<'a, Option<Item>> {
        Box::pin(self.get_item(branch_key_id, kind, consistently))
    }

    fn write<'a>(&'a self, puts: &'a [Put]) -> Answer<'a, bool> {
        Box::pin(async move {
            let mut actions = Vec::with_capacity(puts.len());
            for put in puts {
                actions.push(self.put_action(put)?);
            }
            self.transact(actions).await
        })
    }

    fn items<'a>(&'a self, branch_key_id: &'a str) -> Answer<'a, Vec<Item>> {
        Box::pin(self.query(branch_key_id))
    }

    fn delete<'a>(&'a self, branch_key_id: &'a str, kinds: &'a [String]) -> Answer<'a, ()> {
        Box::pin(async move {
            for kinds in kinds.chunks(MAX_ACTIONS) {
                let mut actions = Vec::with_capacity(kinds.len());
                for kind in kinds {
                    let delete = Delete::builder()
                        .table_name(&self.name)
                        .key(ID, AttributeValue::S(branch_key_id.to_owned()))
                        .key(TYPE, AttributeValue::S(kind.clone()))
                        .build()
                        .map_err(|_| unbuildable())?;
                    actions.push(TransactWriteItem::builder().delete(delete).build());
                }
                self.transact(actions).await?;
            }
            Ok(())
        })
    }

    fn list(&self) -> Answer<'_, Vec<String>> {
        Box::pin(self.scan())
    }

    fn create_table(&self) -> Answer<'_, ()> {
        Box::pin(self.make())
    }
}

impl Table {
    /// `-` and reserved words need placeholders in expressions.
    fn put_action(&self, put: &Put) -> Result<TransactWriteItem> {
        let mut action = aws_sdk_dynamodb::types::Put::builder()
            .table_name(&self.name)
            .set_item(Some(from_item(&put.item)))
            .expression_attribute_names("#id", ID);
        action = match &put.condition {
            Condition::Absent => action.condition_expression("attribute_not_exists(#id)"),
            Condition::Unchanged(enc) => action
                .condition_expression("attribute_exists(#id) AND #enc = :encOld")
                .expression_attribute_names("#enc", ENC)
                .expression_attribute_values(":encOld", AttributeValue::B(Blob::new(enc.clone()))),
        };
        let action = action.build().map_err(|_| unbuildable())?;
        Ok(TransactWriteItem::builder().put(action).build())
    }
}

/// What a cancelled transaction means, by the reasons of its actions.
fn cancelled<'a>(log: &CallLog, reasons: impl Iterator<Item = &'a str>) -> Result<bool> {
    let mut code = Code::KeyStoreRejected;
    for reason in reasons {
        match reason {
            "ConditionalCheckFailed" => return Ok(false),
            "TransactionConflict" | "ProvisionedThroughputExceeded" | "ThrottlingError" => {
                code = Code::KeyStoreThrottled;
            }
            _ => {}
        }
    }
    let advice = match code {
        Code::KeyStoreThrottled => {
            "another write is under way, or DynamoDB asks to slow down; try again later"
        }
        _ => "DynamoDB does not accept what was to be written",
    };
    Err(Error::new(code, format!("{} failed: {advice}", log.call()))
        .with_request_id(log.request_id().map(str::to_owned)))
}

fn unbuildable() -> Error {
    Error::new(Code::Internal, "a request for DynamoDB lacks a part; please report this")
}
