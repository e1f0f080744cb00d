// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signatures of accounts with a key, and of accounts that are contracts (a guardian's)
/// @dev OpenZeppelin's SignatureChecker imports Bytes, which does not compile for London.
library Signatures {
    /// @notice Whether this is the account's signature of the digest: ECDSA (low s, 65 bytes), or EIP-1271.
    function isValid(address signer, bytes32 digest, bytes memory signature) internal view returns (bool) {
        if (signer.code.length == 0) {
            (address recovered, ECDSA.RecoverError fault,) = ECDSA.tryRecover(digest, signature);
            return fault == ECDSA.RecoverError.NoError && recovered == signer;
        }
        try IERC1271(signer).isValidSignature(digest, signature) returns (bytes4 answer) {
            return answer == IERC1271.isValidSignature.selector;
        } catch {
            return false;
        }
    }
}
