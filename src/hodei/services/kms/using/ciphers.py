"""What encrypts and decrypts: under symmetric keys in blobs that name their key, and under RSA keys."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.kms import errors
from hodei.services.kms.crypto import encryption
from hodei.services.kms.crypto.encryption import Reference
from hodei.services.kms.find import Found
from hodei.services.kms.material import materials
from hodei.services.kms.specs import ENCRYPT, SYMMETRIC
from hodei.services.kms.state import keys
from hodei.services.kms.using import use
from hodei.services.kms.using.use import Given

UNKNOWN = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not "
    "allowed to access."
)


def encrypt(found: Found, algorithm: str, plaintext: bytes, context: Given) -> bytes:
    """Raises: ValidationException for what is too long for an RSA key."""
    where, key = found
    secret = materials.secret(where, key)
    if key.spec.symmetric:
        about = Reference(where.account, key.id, key.material)
        return encryption.seal(secret, about, where.ids.randbytes(encryption.NONCE_BYTES), plaintext, context)
    most = encryption.largest_plaintext(key.spec.bits, algorithm)
    if len(plaintext) > most:
        raise errors.ValidationException(
            reason=f"Algorithm {algorithm} and key spec {key.spec_name} cannot encrypt data larger than {most} bytes."
        )
    return encryption.encrypt_rsa(secret, algorithm, plaintext)


def source(ctx: Context, given: str, algorithm: str, blob: bytes) -> Found:
    """The key that a ciphertext is to be decrypted with: the one that is given, or else the one that the blob names.

    Raises: as `use.usable`, IncorrectKeyException, InvalidCiphertextException, AccessDeniedException if the blob's key
    is not there.
    """
    if given:
        found = use.usable(ctx, given, ENCRYPT, algorithm)
        if found.key.spec.symmetric and blob:
            about = reference(blob)
            if (about.account, about.key) != (found.ctx.account, found.key.id):
                raise errors.IncorrectKeyException()
        return found
    if algorithm != SYMMETRIC:
        raise errors.ValidationException(reason=f"KeyId is required to decrypt with {algorithm}.")
    about = reference(blob)
    where = ctx if about.account == ctx.account else ctx.at(account=about.account)
    if (key := keys.get(where, about.key)) is None:
        raise errors.AccessDeniedException(reason=UNKNOWN)
    found = Found(where, key)
    use.check(found, ENCRYPT, algorithm)
    return found


def reference(blob: bytes) -> Reference:
    """Raises: InvalidCiphertextException."""
    try:
        return encryption.reference(blob)
    except ValueError:
        raise errors.InvalidCiphertextException() from None


def decrypt(found: Found, algorithm: str, blob: bytes, context: Given) -> tuple[bytes, str]:
    """The plaintext, and the id of the material that decrypted it. Raises: InvalidCiphertextException."""
    where, key = found
    number = reference(blob).number if key.spec.symmetric else key.material
    material = materials.get(where, key, number)
    if material is None:
        raise errors.InvalidCiphertextException()
    secret = materials.secret(where, key, number)
    try:
        if key.spec.symmetric:
            return encryption.open_sealed(secret, blob, context), material.id
        return encryption.decrypt_rsa(secret, algorithm, blob), material.id
    except ValueError:
        raise errors.InvalidCiphertextException() from None
