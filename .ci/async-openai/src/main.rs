//! 300 requests by `async-openai`, as it comes, against a server that limits them: 6 at a time, a third of them word
//! by word, with the retries that it does unless it is told otherwise.

use std::time::Instant;

use async_openai::{
    Client,
    config::OpenAIConfig,
    error::OpenAIError,
    types::chat::{
        ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
        CreateChatCompletionRequestArgs,
    },
};
use futures::{StreamExt, TryStreamExt, stream};

const REQUESTS: u32 = 300;
const AT_A_TIME: usize = 6;

fn asked() -> Result<CreateChatCompletionRequest, OpenAIError> {
    let prompt = "Say what a limit is, in one sentence.";
    CreateChatCompletionRequestArgs::default()
        .model("any")
        .max_completion_tokens(64_u32)
        .messages(vec![ChatCompletionRequestUserMessage::from(prompt).into()])
        .build()
}

/// Makes a request; gives its answer and how many tokens it has.
async fn call(client: &Client<OpenAIConfig>, number: u32) -> Result<(String, u32), OpenAIError> {
    let mut asked = asked()?;
    if number % 3 > 0 {
        let answer = client.chat().create(asked).await?;
        let text = answer.choices[0].message.content.clone();
        let used = answer.usage.map_or(0, |usage| usage.completion_tokens);
        return Ok((text.unwrap_or_default(), used));
    }
    asked.stream_options = Some(ChatCompletionStreamOptions {
        include_usage: Some(true),
        include_obfuscation: None,
    });
    let mut chunks = client.chat().create_stream(asked).await?;
    let (mut text, mut used) = (String::new(), 0);
    while let Some(chunk) = chunks.try_next().await? {
        for choice in chunk.choices {
            text += &choice.delta.content.unwrap_or_default();
        }
        used = chunk.usage.map_or(used, |usage| usage.completion_tokens);
    }
    Ok((text, used))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = format!("{}/v1", std::env::var("ASYNC_OPENAI_AT")?);
    let config = OpenAIConfig::new()
        .with_api_base(base)
        .with_api_key("key-of-async-openai");
    let client = Client::with_config(config);
    let began = Instant::now();
    let calls = stream::iter(0..REQUESTS).map(|number| call(&client, number));
    let answers: Vec<_> = calls.buffer_unordered(AT_A_TIME).try_collect().await?;
    assert_eq!(answers.len(), 300);
    for (text, used) in &answers {
        assert!(!text.is_empty());
        assert_eq!(*used, 20);
    }
    let took = began.elapsed().as_secs_f64();
    println!("async-openai: {REQUESTS} requests in {took:.1} s");
    Ok(())
}
