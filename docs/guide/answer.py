"""Answers the first question that stands in the feed, or comes into it, and ends."""

import json
import subprocess

said = subprocess.Popen(["haat", "feed", "--follow", "--json"], stdout=subprocess.PIPE, text=True)
for line in said.stdout:
    item = json.loads(line)
    if item["text"].endswith("?"):
        print(item["author"]["name"] + ":", item["text"])
        # The key names this answer: however often the program runs, it answers once.
        command = ["haat", "post", item["circle"], "Until six.", "--reply-to", item["entry"], "--json", "--key", "answer-" + item["entry"][:32]]
        answer = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if answer.returncode == 0:
            print("answered with", json.loads(answer.stdout)["entry"][:8])
        break
said.terminate()
