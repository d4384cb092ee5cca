"""One POST to the agency and back, whatever the network, the certificate or the server does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import SettingWrong

if TYPE_CHECKING:
    import ssl

    import httpx

LARGEST_ANSWER = 32 * 1024 * 1024
_TIMEOUT_S, _CONNECT_S = 10.0, 3.0
_EXPIRED = 10  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED.


class Unreachable(Exception):
    """No sound answer came; ``trouble`` says so in Chinese; ``line_dead``: nobody answered at all.

    ``sent``: the message may have arrived; False where it surely did not leave.
    """

    def __init__(self, trouble: str, *, line_dead: bool = False, sent: bool = True) -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.line_dead = line_dead
        self.sent = sent


class Line:
    """A way to one address; ``transport`` stands in for the network where a simulation brings its own.

    ``ca_file`` holds the certificates that an https address is believed by, beside the system's own. Raises
    SettingWrong where it cannot be read.
    """

    def __init__(
        self,
        address: str,
        *,
        timeout: httpx.Timeout | None = None,
        transport: httpx.BaseTransport | None = None,
        ca_file: Path | None = None,
    ) -> None:
        _leave_out_command_line()
        import httpx  # noqa: PLC0415 - heavy; loads on the courier's thread, behind the open counter

        self._address = address
        # A shop's proxy settings must not lead the insured's data elsewhere.
        self._http = httpx.Client(
            timeout=timeout or httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_S),
            trust_env=False,
            follow_redirects=False,
            transport=transport,
            # For a plain address alone the certificates of the system, megabytes of them, are not loaded.
            verify=_trusted(ca_file) if ca_file is not None else not _is_plain(address),
        )

    def close(self) -> None:
        """Drop the line."""
        self._http.close()

    def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Return status and body of the answer; raise Unreachable where there is none."""
        import httpx  # noqa: PLC0415 - as above

        try:
            with self._http.stream("POST", self._address, content=body, headers=headers) as response:
                return response.status_code, _read_all(response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(_why(error), line_dead=True, sent=False) from error
        except httpx.TimeoutException as error:
            raise Unreachable("医保中心没有及时应答，会自动重试。", line_dead=True) from error
        except httpx.NetworkError as error:
            raise Unreachable(_why(error), line_dead=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable("医保中心的应答不是规范的报文，没有采用，会自动重试。") from error


def _leave_out_command_line() -> None:
    """Keep httpx from loading its command line, with a parser and colours: 3 MB that no counter needs.

    It does without where that cannot be imported.
    """
    if "httpx" not in sys.modules:
        sys.modules["httpx._main"] = None  # type: ignore[assignment]


def _is_plain(address: str) -> bool:
    """Tell whether ``address`` is plain http, however its scheme is written; all else is to be certified."""
    return address.lower().startswith("http://")


def _trusted(ca_file: Path) -> ssl.SSLContext:
    import ssl  # noqa: PLC0415 - as httpx

    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        how = "请确认证书文件存在、是 PEM 格式，并且当前用户可以读取。"
        raise SettingWrong(name="SHANYAO_CA_FILE", value=str(ca_file), how=how) from error
    return context


def _why(error: BaseException) -> str:
    """Return what kept the line from being made: a certificate, or that nobody is there."""
    import ssl  # noqa: PLC0415 - as httpx

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code == _EXPIRED:
                return (
                    "医保中心的证书已过期，没有发送任何内容，会自动重试。"
                    "请核对本机日期；日期无误请联系医保中心换证书。"
                )
            return (
                "医保中心的证书不能信任，没有发送任何内容，会自动重试。"
                "请核对地址和证书文件（SHANYAO_CA_FILE）。"
            )
        if isinstance(cause, ssl.SSLError):
            return "和医保中心的加密连接没有建成，没有发送任何内容，会自动重试。请核对地址是否应为 https。"
        cause = cause.__cause__ or cause.__context__
    return "连不上医保中心，会自动重试。"


def _read_all(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Unreachable("医保中心的应答过大，没有采用，会自动重试。")
    return bytes(body)
