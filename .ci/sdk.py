"""300 requests by the SDKs of OpenAI and Anthropic, as they come, against two servers that limit them.

Each has an API key of its own and 6 threads, streams a third of its requests, and retries as it does unless it is told
otherwise. All requests must succeed, and some calls must have been refused.
"""

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai

REQUESTS, THREADS = 300, 6
PROMPT = [{"role": "user", "content": "Say what a limit is, in one sentence."}]


def openai_client(url):
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="key-of-openai-sdk")
    completions = client.chat.completions.with_raw_response

    def call(number):
        asked = {"model": "any", "messages": PROMPT, "max_completion_tokens": 64}
        if number % 3:
            raw = completions.create(**asked)
            answer = raw.parse()
            text, used = answer.choices[0].message.content, answer.usage
        else:
            raw = completions.create(**asked, stream=True, stream_options={"include_usage": True})
            text, used = "", None
            for chunk in raw.parse():
                for choice in chunk.choices:
                    text += choice.delta.content or ""
                used = chunk.usage or used
        assert text and used.completion_tokens == 20, (text, used)
        return raw.retries_taken

    def more():
        vectors = client.embeddings.create(model="any", input=["one", "two"])
        assert [len(it.embedding) for it in vectors.data] == [16, 16]
        assert [it.id for it in client.models.list()] == ["openai"]
        assert client.models.retrieve("any").id == "any"
        try:
            openai.OpenAI(base_url=f"{url}/v1", api_key="k").post("/nothing", cast_to=object)
        except openai.NotFoundError:
            return
        raise AssertionError("there is nothing there")

    return call, more


def anthropic_client(url):
    client = anthropic.Anthropic(base_url=url, api_key="key-of-anthropic-sdk")
    messages = client.messages.with_raw_response

    def call(number):
        asked = {"model": "any", "messages": PROMPT, "max_tokens": 64}
        if number % 3:
            raw = messages.create(**asked)
            answer = raw.parse()
            text, used = answer.content[0].text, answer.usage.output_tokens
            assert answer.stop_reason == "end_turn"
        else:
            raw = messages.create(**asked, stream=True)
            text, used, kinds = "", None, []
            for event in raw.parse():
                kinds.append(event.type)
                if event.type == "content_block_delta":
                    text += event.delta.text
                elif event.type == "message_delta":
                    used = event.usage.output_tokens
            assert (kinds[0], kinds[-1]) == ("message_start", "message_stop"), kinds
        assert text and used == 20, (text, used)
        return raw.retries_taken

    def more():
        with client.messages.stream(model="any", max_tokens=64, messages=PROMPT) as stream:
            assert stream.get_final_message().usage.output_tokens == 20
        assert [it.id for it in client.models.list()] == ["anthropic"]

    return call, more


def run(name, client, failures):
    call, more = client
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(THREADS) as threads:
            retries = list(threads.map(call, range(REQUESTS)))
        assert len(retries) == REQUESTS
        assert sum(retries) > 0, "expected refusals"
        more()
    except BaseException as err:  # A thread must not lose what it has to say.
        failures.append(f"{name}: {err!r}")
        return
    took = time.monotonic() - began
    print(f"{name}: {REQUESTS} requests in {took:.1f} s, {sum(retries)} calls refused, at most {max(retries)} a request")


def main():
    failures = []
    clients = [
        (f"openai {openai.__version__}", openai_client(os.environ["OPENAI_AT"])),
        (f"anthropic {anthropic.__version__}", anthropic_client(os.environ["ANTHROPIC_AT"])),
    ]
    threads = [threading.Thread(target=run, args=(*client, failures)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.exit("\n".join(failures) or 0)


main()
