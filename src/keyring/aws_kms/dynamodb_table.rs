//! The whole table of the branch keys: made, looked at, and listed.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType, TableStatus,
};

use super::super::guard::CallLog;
use super::calls::logged;
use super::dynamodb::{Page, Table};
use super::dynamodb_error::{refused, unusable_answer};
use super::dynamodb_items::Attributes;
use super::dynamodb_send::send;
use crate::branch_keys::attribute::{ID, TYPE};
use crate::error::{Code, Error, Result};

/// How often, and after what pause, a new table is looked at.
const LOOKS: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);

impl Table {
    /// The ids of all branch keys that have an active version.
    pub(super) async fn scan(&self) -> Result<Vec<String>> {
        let items = self.pages(|start| self.scan_page(start)).await?;
        let id_of = |item: Attributes| match item.get(ID) {
            Some(AttributeValue::S(id)) => Some(id.clone()),
            _ => None,
        };
        Ok(items.into_iter().filter_map(id_of).collect())
    }

    async fn scan_page(&self, start: Option<Attributes>) -> Result<Page> {
        self.call("Scan", async |client: Client, log: Arc<CallLog>| {
            let active = AttributeValue::S("branch:ACTIVE".to_owned());
            let request = client
                .scan()
                .table_name(&self.name)
                .filter_expression("#type = :active")
                .projection_expression("#id")
                .expression_attribute_names("#id", ID)
                .expression_attribute_names("#type", TYPE)
                .expression_attribute_values(":active", active)
                .set_exclusive_start_key(start);
            let answer = send!(log, request)?;
            Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
        })
        .await
    }

    /// Makes the table, and waits until it can be used.
    pub(super) async fn make(&self) -> Result<()> {
        let created = self
            .call("CreateTable", async |client: Client, log: Arc<CallLog>| {
                let mut table = client
                    .create_table()
                    .table_name(&self.name)
                    .billing_mode(BillingMode::PayPerRequest);
                for (name, key_type) in [(ID, KeyType::Hash), (TYPE, KeyType::Range)] {
                    let key = KeySchemaElement::builder().attribute_name(name).key_type(key_type);
                    let definition = AttributeDefinition::builder()
                        .attribute_name(name)
                        .attribute_type(ScalarAttributeType::S);
                    let unbuildable = |_| unusable_answer(&log);
                    table = table
                        .key_schema(key.build().map_err(unbuildable)?)
                        .attribute_definitions(definition.build().map_err(unbuildable)?);
                }
                match logged(&log, table.send()).await {
                    Ok(answer) => {
                        log.set_request_id(answer.request_id());
                        Ok(())
                    }
                    Err(error)
                        if error
                            .as_service_error()
                            .is_some_and(|error| error.is_resource_in_use_exception()) =>
                    {
                        Ok(())
                    }
                    Err(error) => Err(refused(log.call(), error)),
                }
            })
            .await;
        created?;
        for _ in 0..LOOKS {
            if self.is_usable().await? {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        let message = format!("the table \"{}\" is still being made; try again later", self.name);
        Err(Error::new(Code::KeyStoreTimeout, message))
    }

    /// Whether the table can be used; it must have the keys that branch keys need.
    async fn is_usable(&self) -> Result<bool> {
        self.call("DescribeTable", async |client: Client, log: Arc<CallLog>| {
            let answer = send!(log, client.describe_table().table_name(&self.name))?;
            let table = answer.table.ok_or_else(|| unusable_answer(&log))?;
            let keys: Vec<_> = table.key_schema().iter().map(|key| key.attribute_name()).collect();
            if keys != [ID, TYPE] {
                let message = format!(
                    "the table \"{}\" exists and has other keys than branch keys need, which are \
                     \"{ID}\" and \"{TYPE}\"; choose another name",
                    self.name
                );
                return Err(Error::new(Code::KeyStoreRejected, message));
            }
            Ok(table.table_status() == Some(&TableStatus::Active))
        })
        .await
    }
}
