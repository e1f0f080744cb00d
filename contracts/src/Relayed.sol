// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Signatures} from "./Signatures.sol";

/// @title What somebody signed and anybody may bring
/// @notice Nonces are unordered (a bit for each), so that what was signed first may come last; a deadline ends what nobody brought.
abstract contract Relayed is EIP712 {
    error RelayedExpired(uint48 deadline);
    error RelayedNonceUsed(address signer, uint256 nonce);
    error RelayedWrongSignature(address signer);

    mapping(address signer => mapping(uint256 word => uint256)) private _used;

    /// @notice Whether a nonce of a signer is used up.
    function isNonceUsed(address signer, uint256 nonce) public view returns (bool) {
        return _used[signer][nonce >> 8] & _bit(nonce) != 0;
    }

    /// @notice EIP-712's separator of this contract on this chain.
    // forge-lint: disable-next-line(mixed-case-function)
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @dev Checks a signature that may be brought once, until its deadline.
    function _takeOnce(address signer, uint256 nonce, uint48 deadline, bytes32 structHash, bytes calldata signature)
        internal
    {
        if (block.timestamp > deadline) revert RelayedExpired(deadline);
        if (isNonceUsed(signer, nonce)) revert RelayedNonceUsed(signer, nonce);
        _take(signer, structHash, signature);
        _used[signer][nonce >> 8] |= _bit(nonce);
    }

    /// @dev Checks a signature that may be brought again: what it does is idempotent.
    function _take(address signer, bytes32 structHash, bytes calldata signature) internal view {
        if (!Signatures.isValid(signer, _hashTypedDataV4(structHash), signature)) revert RelayedWrongSignature(signer);
    }

    function _bit(uint256 nonce) private pure returns (uint256) {
        // forge-lint: disable-next-line(incorrect-shift)
        return 1 << (nonce & 0xff);
    }
}
