//! One request to DynamoDB.

/// Sends a request of the SDK, and returns its answer or what DynamoDB's refusal means; the log learns of
/// each attempt and of the request id.
///
/// A macro, as the SDK's builders share no trait that could be named.
macro_rules! send {
    ($log:expr, $request:expr) => {{
        match $crate::keyring::aws_kms::calls::logged(&$log, $request.send()).await {
            Ok(answer) => {
                $log.set_request_id(aws_sdk_dynamodb::operation::RequestId::request_id(&answer));
                Ok(answer)
            }
            Err(error) => {
                Err($crate::keyring::aws_kms::dynamodb_error::refused($log.call(), error))
            }
        }
    }};
}
pub(super) use send;
