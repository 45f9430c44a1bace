"""What Discord's form for the message content intent asks, with room for the answers that the settings give.

Discord docs, Getting started with privileged intent review.
"""

INTENT_FORM = """\
For Discord's form on privileged intents (message content)

Why do you need the content of messages?
  People ask the bot in words: it answers messages that mention it, direct messages, and threads that it takes part in.
  With a question it reads the last lines of that thread or channel, so that the answer fits.
Do you store what you get through the API? What, and for how long?
{kept}
Is it encrypted at rest?
  {encrypted}
Who gets it?
{shared}
Is it used to train models?
  Not by the bot. {training}
How can people have their data deleted, and opt out?
  In the chat by `forget me` (everything of theirs), `forget this` (a conversation) and `leave me out` (their messages
  are not read where others ask); copies are erased when they are put back. Whoever runs the bot can do it for them.
"""
