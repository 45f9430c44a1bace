"""The guided walk that connects Confab: one question at a time, each answer checked at once, `.env` written."""
