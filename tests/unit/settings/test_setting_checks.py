"""What single settings may be."""

from __future__ import annotations

import pytest

from worker.setting_checks import webhook_secret


@pytest.mark.parametrize("secret", ["hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_" + "A" * 100])
def test_a_webhook_secret_of_another_form_is_refused_unseen(secret: str) -> None:
    """24 to 64 bytes, as Standard Webhooks has them."""
    with pytest.raises(ValueError, match=r"^must be whsec_ and 24 to 64 bytes in base64$"):
        webhook_secret(secret)
